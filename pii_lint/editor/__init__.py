"""What an editor is told about the files that it shows: the language server of `pii-lint lsp`."""
