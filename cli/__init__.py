"""The `aftersales` command."""
