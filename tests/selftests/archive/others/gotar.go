// Writes a directory as a tar archive, as Docker and backup programs written in Go do: gotar TREE NAME
package main

import (
	"archive/tar"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	tree, name := os.Args[1], os.Args[2]
	archive := tar.NewWriter(os.Stdout)
	err := filepath.Walk(tree, func(path string, entry fs.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return write(archive, path, name+strings.TrimPrefix(path, tree), entry)
	})
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		panic(err)
	}
}

func write(archive *tar.Writer, path string, name string, entry fs.FileInfo) error {
	target := ""
	if entry.Mode()&fs.ModeSymlink != 0 {
		target, _ = os.Readlink(path)
	}
	header, err := tar.FileInfoHeader(entry, target)
	if err != nil {
		return err
	}
	header.Name = name
	if err := archive.WriteHeader(header); err != nil || !entry.Mode().IsRegular() {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, err = io.WriteString(archive, string(content))
	return err
}
