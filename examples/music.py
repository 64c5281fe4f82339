"""Music of the example collection: tunes that everybody knows, and small pieces written for it."""

# ruff: noqa: E501 - notations have lines of their own

from __future__ import annotations

from nlsearch.handlers.score.notation import TICKS
from nlsearch.handlers.score.render import midi_bytes

ABC = """\
%abc-2.1
% Five tunes that everybody knows

X:1
T:Ah, vous dirai-je, maman
C:trad.
O:France
R:air
M:2/4
L:1/4
Q:1/4=100
K:C
"C"C C | G G | "F"A A | "C"G2 | "F"F F | "C"E E | "G7"D D | "C"C2 |
w:Ah, vous di- rai- je, ma- man, ce qui cau- se mon tour- ment
"C"G G | "F"F F | "C"E E | "G"D2 | "C"G G | "F"F F | "C"E E | "G"D2 |
"C"C C | G G | "F"A A | "C"G2 | "F"F F | "C"E E | "G7"D D | "C"C2 |]

X:2
T:Frère Jacques
C:trad.
O:France
R:round
M:4/4
L:1/4
K:G
|: G A B G :|: B c d2 :|: d/e/d/c/ B G :|: G D G2 :|
w:Frè- re Jac- ques, dor- mez vous? Son- nez les ma- ti- nes: ding, dang, dong.

X:3
T:Greensleeves
C:anon., 16th century
O:England
M:6/8
L:1/8
K:Am
A | "Am"c2d e>fe | "G"d2B G>AB | "Am"c2A A>^GA | "E"B2^G E2A |
"Am"c2d e>fe | "G"d2B G>AB | "Am"c>BA "E"^G>^F^G | "Am"A3 A3 |]

X:4
T:An die Freude
C:Ludwig van Beethoven
R:hymn
M:4/4
L:1/4
K:D
"D"F F G A | "A"A G F E | "D"D D E F | "A"F> E E2 |
w:Freu- de, schö- ner Göt- ter- fun- ken, Toch- ter aus E- ly- si- um
"D"F F G A | "A"A G F E | "D"D D E F | "A"E> D "D"D2 |]

X:5
T:Scarborough Fair
C:trad.
O:England
M:3/4
L:1/4
K:Ddor
D2 D | A2 A | E>F E | D3 | z A c | d2 c | A B G | A3 |]
"""

KERN = """\
!!!COM: Example, Anon.
!!!OTL: Two voices
**kern\t**kern\t**harm
*Ibass\t*Isopr\t*
*clefF4\t*clefG2\t*
*k[]\t*k[]\t*
*C:\t*C:\t*C:
*M4/4\t*M4/4\t*
=1\t=1\t=1
4C\t4e\tI
4D\t4f\t.
4E\t4g\tI6
4F\t4a\tIV
=2\t=2\t=2
4G\t4b\tV
8A\t4cc\tvi
8B\t.\t.
2c\t2cc\tI
=3\t=3\t=3
2F\t4a\tIV
.\t4f\t.
2G\t4g\tV7
.\t4d\t.
=4\t=4\t=4
1C\t1c\tI
==\t==\t==
*-\t*-\t*-
"""

MUSICXML = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0">
  <work><work-title>A short responsory</work-title></work>
  <identification><creator type="composer">Example</creator></identification>
  <part-list>
    <score-part id="P1"><part-name>Soprano</part-name></score-part>
    <score-part id="P2"><part-name>Clarinet in B flat</part-name></score-part>
  </part-list>
  <part id="P1">
    <measure number="1">
      <attributes><divisions>2</divisions><key><fifths>-1</fifths><mode>major</mode></key><time><beats>3</beats><beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>
      <note><pitch><step>F</step><octave>4</octave></pitch><duration>2</duration><voice>1</voice><type>quarter</type><lyric><syllabic>begin</syllabic><text>Ec</text></lyric></note>
      <note><pitch><step>G</step><octave>4</octave></pitch><duration>2</duration><voice>1</voice><type>quarter</type><lyric><syllabic>end</syllabic><text>ce</text></lyric></note>
      <note><pitch><step>F</step><octave>4</octave></pitch><duration>2</duration><voice>1</voice><type>quarter</type><lyric><syllabic>single</syllabic><text>quo</text></lyric></note>
    </measure>
    <measure number="2">
      <note><pitch><step>G</step><octave>4</octave></pitch><duration>3</duration><voice>1</voice><type>quarter</type><dot/><lyric><syllabic>single</syllabic><text>mo</text></lyric></note>
      <note><pitch><step>B</step><alter>-1</alter><octave>4</octave></pitch><duration>1</duration><voice>1</voice><type>eighth</type><lyric><syllabic>begin</syllabic><text>do</text></lyric></note>
      <note><pitch><step>A</step><octave>4</octave></pitch><duration>2</duration><tie type="start"/><voice>1</voice><type>quarter</type><lyric><syllabic>end</syllabic><text>mi</text></lyric></note>
    </measure>
    <measure number="3">
      <note><pitch><step>A</step><octave>4</octave></pitch><duration>2</duration><tie type="stop"/><voice>1</voice><type>quarter</type></note>
      <note><pitch><step>F</step><octave>4</octave></pitch><duration>4</duration><voice>1</voice><type>half</type></note>
    </measure>
  </part>
  <part id="P2">
    <measure number="1">
      <attributes><divisions>2</divisions><key><fifths>1</fifths><mode>major</mode></key><time><beats>3</beats><beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef><transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>
      <note><pitch><step>G</step><octave>4</octave></pitch><duration>6</duration><voice>1</voice><type>half</type><dot/></note>
    </measure>
    <measure number="2">
      <note><pitch><step>A</step><octave>4</octave></pitch><duration>2</duration><voice>1</voice><type>quarter</type></note>
      <note><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration><voice>1</voice><type>quarter</type></note>
      <note><pitch><step>B</step><octave>4</octave></pitch><duration>2</duration><voice>1</voice><type>quarter</type></note>
    </measure>
    <measure number="3">
      <note><pitch><step>G</step><octave>4</octave></pitch><duration>6</duration><voice>1</voice><type>half</type><dot/></note>
    </measure>
  </part>
</score-partwise>
"""

MEI = """\
<?xml version="1.0" encoding="UTF-8"?>
<mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0">
  <meiHead><fileDesc><titleStmt><title>A canon at the fifth</title><composer>Example</composer></titleStmt><pubStmt/></fileDesc></meiHead>
  <music><body><mdiv><score>
    <scoreDef meter.count="4" meter.unit="4" keysig="1f">
      <staffGrp><staffDef n="1" lines="5" clef.shape="G" clef.line="2" label="Dux"/><staffDef n="2" lines="5" clef.shape="G" clef.line="2" label="Comes"/></staffGrp>
    </scoreDef>
    <section>
      <measure n="1"><staff n="1"><layer n="1"><note pname="f" oct="4" dur="4"/><note pname="g" oct="4" dur="4"/><note pname="a" oct="4" dur="4"/><note pname="f" oct="4" dur="4"/></layer></staff>
        <staff n="2"><layer n="1"><mRest/></layer></staff></measure>
      <measure n="2"><staff n="1"><layer n="1"><note pname="c" oct="5" dur="4" dots="1"/><note pname="b" oct="4" dur="8" accid.ges="f"/><note pname="a" oct="4" dur="2"/></layer></staff>
        <staff n="2"><layer n="1"><note pname="c" oct="5" dur="4"/><note pname="d" oct="5" dur="4"/><note pname="e" oct="5" dur="4"/><note pname="c" oct="5" dur="4"/></layer></staff></measure>
      <measure n="3"><staff n="1"><layer n="1"><note pname="g" oct="4" dur="2"/><note pname="f" oct="4" dur="2"/></layer></staff>
        <staff n="2"><layer n="1"><note pname="g" oct="5" dur="4" dots="1"/><note pname="f" oct="5" dur="8"/><note pname="e" oct="5" dur="2"/></layer></staff></measure>
    </section>
  </score></mdiv></body></music>
</mei>
"""

PAE = """\
# Incipits, one a line: an id, a tab, and the code
MENUET\t%G-2$xF@3/4 ''4D'8GAB''C/4D'GG/''4E8CDEF/4G'GG/
SERENADE\t%G-2$xF@4/4 '4G-8D4G-8D/GDGB''4D-
"""

ROUND = ((67, 4), (69, 4), (71, 4), (67, 4), (67, 4), (69, 4), (71, 4), (67, 4), (71, 4), (72, 4), (74, 8))
"""Frère Jacques, as somebody played it: pitches and eighths of a half note."""


def midi() -> bytes:
    """Return the round as a MIDI file."""
    notes, at = [], 0
    for pitch, length in ROUND:
        notes.append((at, length * TICKS // 4, pitch))
        at += length * TICKS // 4
    return midi_bytes(notes, 96.0)


def files() -> dict[str, bytes]:
    """Return the files by their names in the collection."""
    texts = {
        "music/folk songs.abc": ABC,
        "music/two voices.krn": KERN,
        "music/responsory.musicxml": MUSICXML,
        "music/canon.mei": MEI,
        "music/incipits.pae": PAE,
    }
    return {**{name: text.encode() for name, text in texts.items()}, "music/frère jacques.mid": midi()}
