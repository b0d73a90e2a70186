"""From what is live to a file: a source says where to begin, references are walked, and the least file is written."""
