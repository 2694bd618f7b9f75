"""The compiled engine: the program as vector code of the processor it runs on, through LLVM."""
