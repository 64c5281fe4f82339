"""Alignments as other programs and people write them: BLAST's table, PAF, SAM, and rows of letters.

Goal: what follows a search (a script, a viewer, a paper) takes the hits as it takes those of BLAST or minimap2.

Conventions
-----------
Everything is derived from the evidence of hits and from the letters of query and item; nothing is aligned again.
Evidence counts from 0, half-open; each format counts as its users know it, and its module says how.
"""
