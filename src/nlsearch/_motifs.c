/* Places of a motif of ambiguous letters; part of _kernels.c.  Oracle and papers: nlsearch/kernels/motifs.py. */
#define MOTIF_CODES 16

/* Which 64 letters of the motif are looked for first: those that allow the least. */
static Py_ssize_t choose_window(const uint16_t *allowed, Py_ssize_t size) {
    Py_ssize_t best = 0, least = 0, sum = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        sum += POPCOUNT(allowed[i]);
        if (i >= 64) sum -= POPCOUNT(allowed[i - 64]);
        if (i == 63 || (i > 63 && sum < least)) least = sum, best = i - 63;
    }
    return best;
}

static int fits_at(const uint8_t *codes, const uint16_t *allowed, Py_ssize_t size) {
    for (Py_ssize_t i = 0; i < size; i++)
        if (!(allowed[i] >> codes[i] & 1)) return 0;
    return 1;
}

/* find_motif(codes, allowed, starts) -> how many places there are; the first of them are written to `starts`.
 * Shift-and over the window, letter by letter; codes are below 16. */
static PyObject *find_motif(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    if (!PyArg_ParseTuple(args, "y*y*w*", &b[0], &b[1], &b[2])) return release(b, 3), NULL;
    const uint8_t *codes = b[0].buf;
    const uint16_t *allowed = b[1].buf;
    int64_t *starts = b[2].buf;
    Py_ssize_t n = b[0].len, size = b[1].len / 2, room = b[2].len / 8, found = 0;
    uint64_t masks[MOTIF_CODES] = {0};
    Py_ssize_t begin = choose_window(allowed, size), width = size < 64 ? size : 64;
    for (int code = 0; code < MOTIF_CODES; code++)
        for (Py_ssize_t i = 0; i < width; i++) masks[code] |= (uint64_t)(allowed[begin + i] >> code & 1) << i;
    if (size > 0 && size <= n) {
        Py_BEGIN_ALLOW_THREADS
        uint64_t state = 0;
        const uint64_t last = (uint64_t)1 << (width - 1);
        for (Py_ssize_t i = begin; i < n - (size - begin - width); i++) {
            state = (state << 1 | 1) & masks[codes[i] & (MOTIF_CODES - 1)];
            if (!(state & last)) continue;
            Py_ssize_t start = i - width + 1 - begin;
            if (size > 64 && !fits_at(codes + start, allowed, size)) continue;
            if (found < room) starts[found] = start;
            found++;
        }
        Py_END_ALLOW_THREADS
    }
    release(b, 3);
    return PyLong_FromSsize_t(found);
}
