"""From a folder to splits: walking, detecting, reading in workers, committing."""
