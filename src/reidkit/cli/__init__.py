"""The command line: parse, import late, call one function."""
