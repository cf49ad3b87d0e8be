<?php
// What the installer writes for a wiki with MariaDB, and uploads enabled as the manual says.
$wgSitename = 'Wiki';
$wgServer = 'http://localhost:8080';
$wgScriptPath = '';
$wgDBtype = 'mysql';
$wgDBserver = getenv( 'MEDIAWIKI_DB_HOST' );
$wgDBname = getenv( 'MEDIAWIKI_DB_NAME' );
$wgDBuser = getenv( 'MEDIAWIKI_DB_USER' );
$wgDBpassword = getenv( 'MEDIAWIKI_DB_PASSWORD' );
$wgSecretKey = getenv( 'MEDIAWIKI_SECRET_KEY' );
$wgEnableUploads = true;
$wgMainCacheType = CACHE_NONE;
$wgJobRunRate = 0;
wfLoadSkin( 'Vector' );
