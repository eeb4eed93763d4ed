"""Tests with a server and with pandas, pyarrow, tqdm and Jupyter"""
