"""The texts that `write_reference.py` writes, made of the catalog and the glossary and of nothing else."""
