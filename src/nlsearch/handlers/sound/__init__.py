"""What kinds of content share about sound: decoding, pitch, notes, melodies."""
