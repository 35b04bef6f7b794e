"""The command line: every verb is a thin layer over one public function."""
