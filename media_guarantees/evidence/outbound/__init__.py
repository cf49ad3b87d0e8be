"""What a run hands to others: a statement about it, signed or not, and messages when the verdict changes.

The report is written before; nothing here changes a verdict.
"""
