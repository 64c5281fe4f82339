"""What the kind ``image`` declares: formats, fields, operators, spaces.  Plain data, no imports of libraries."""

from __future__ import annotations

from nlsearch.handlers.contract import Copies, Field, Format, Operator, Option, Space, TermSpace, VectorSpace

_PNM = rb"P[1-6]\s+(?:\#[^\n]*\s+)*\d+\s+(?:\#[^\n]*\s+)*\d+\s|P7\nWIDTH |P[Ff]\n\d+ \d+\n"

FORMATS: tuple[Format, ...] = (
    Format("JPEG", "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), (b"\xff\xd8\xff",)),
    Format("PNG", "image/png", (".png", ".apng"), (b"\x89PNG\r\n\x1a\n",)),
    Format("GIF", "image/gif", (".gif",), (b"GIF87a", b"GIF89a")),
    Format("WebP", "image/webp", (".webp",), pattern=rb"RIFF.{4}WEBP"),
    Format("AVIF", "image/avif", (".avif", ".avifs"), pattern=rb".{4}ftyp(?:avif|avis|mif1.{4}(?:.{4})*?avif)"),
    Format("TIFF", "image/tiff", (".tif", ".tiff"), (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    Format("BMP", "image/bmp", (".bmp", ".dib"), pattern=rb"BM.{4}\x00{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00{3}"),
    Format("PNM", "image/x-portable-anymap", (".ppm", ".pgm", ".pbm", ".pnm", ".pam", ".pfm"), pattern=_PNM),
    Format(
        "JPEG 2000", "image/jp2", (".jp2", ".j2k", ".jpx"), (b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
    ),
    Format("PSD", "image/vnd.adobe.photoshop", (".psd",), (b"8BPS\x00\x01",)),
    Format("ICO", "image/vnd.microsoft.icon", (".ico",), pattern=rb"\x00\x00\x01\x00[\x01-\x40]\x00.{4}[\x00\x01]\x00"),
    Format("QOI", "image/qoi", (".qoi",), (b"qoif",)),
)

PILLOW_FORMATS: dict[str, str] = {
    "JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "GIF": "GIF", "WEBP": "WebP", "AVIF": "AVIF", "TIFF": "TIFF",
    "BMP": "BMP", "DIB": "BMP", "PPM": "PNM", "JPEG2000": "JPEG 2000", "PSD": "PSD", "ICO": "ICO", "QOI": "QOI",
}  # fmt: skip
"""Names of Pillow's readers that may open a file → our names.  Readers that start other programs (EPS) are not here."""

FIELDS: tuple[Field, ...] = (
    Field("format", "keyword", "file format, told from the bytes", facet=True, example="JPEG"),
    Field("width", "integer", "width as seen, after the EXIF orientation", "px", example="1024"),
    Field("height", "integer", "height as seen, after the EXIF orientation", "px", example="768"),
    Field("megapixels", "float", "width times height", "MP", example="12.2"),
    Field("mode", "keyword", "how the file stores a pixel (Pillow's mode)", facet=True, example="RGB"),
    Field("animated", "boolean", "more than one frame; the first is searched", facet=True, example="true"),
    Field("damaged", "boolean", "the file ends too early or does not decode as a whole", facet=True, example="true"),
    Field("camera", "text", "maker and model", example="Nikon D750"),
    Field("lens", "text", "lens model", example="EF50mm f/1.8"),
    Field("iso", "integer", "sensitivity", "ISO", example="400"),
    Field("aperture", "float", "f-number", example="2.8"),
    Field("focal", "float", "focal length as on the lens", "mm", example="50"),
    Field("exposure", "float", "exposure time", "s", example="0.008"),
    Field("taken", "date", "when the picture was taken, camera's local time", example="2024-05-17T09:30:00"),
    Field("latitude", "float", "where it was taken, north positive", "°", example="48.137"),
    Field("longitude", "float", "where it was taken, east positive", "°", example="11.575"),
    Field("software", "text", "program that wrote the file", example="GIMP"),
    Field("artist", "text", "who made the picture", example="Maria Sibylla Merian"),
    Field("copyright", "text", "whose it is and how it may be used", example="CC BY 4.0"),
    Field("caption", "text", "title, description, keywords and comments in the file", example="harbour at dusk"),
    Field("pixels", "keyword", "SHA-256 of the decoded, upright pixels", example="9f86d081884c7d65…"),
)

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "like",
        "Pictures with the same pixels (exact), and copies of the picture, cropped, resized, turned, mirrored, "
        "recompressed or placed in another (near), each with where it is.",
        'like:"harbour.jpg"',
        "sound",
        "1 for equal pixels; else 0.99 × the better of 1 − hamming / 128 and inliers / (inliers + 14)",
        (
            Option(
                "keypoints",
                "boolean",
                "whether keypoints are compared too, which finds crops and pictures within others; without them many "
                "pictures are compared at once",
                default=True,
            ),
        ),
        "a file or item id",
        copies=Copies(
            0.75,
            "equal pixels, hashes at most 31 of 256 bits apart (a match to PDQ's authors), or 44 keypoints in place",
        ),
    ),
)

PDQ = "image.pdq"
WORD = "image.word"
LOOK = "image.look"
LOOK_DIMENSIONS = 120
SPACES: tuple[Space, ...] = (TermSpace(PDQ), TermSpace(WORD), VectorSpace(LOOK, LOOK_DIMENSIONS, "cosine"))
