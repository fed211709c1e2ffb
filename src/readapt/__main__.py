"""``python -m readapt``: the command line where no script is installed."""

from readapt.cli import main

if __name__ == "__main__":
    main()
