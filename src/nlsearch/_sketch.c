/* FracMinHash of a sequence; part of _kernels.c.  Oracle and papers: nlsearch/kernels/sketch.py. */
#define SKETCH_K 31
#define SKETCH_BLOCK 4096

typedef struct {
    uint64_t *hashes;
    Py_ssize_t n, room;
} Sketch;

INLINE uint64_t turn(uint64_t x, int by) { return x << by | x >> (64 - by); }

INLINE uint64_t stir(uint64_t x) {
    x = (x ^ x >> 33) * 0xFF51AFD7ED558CCDu;
    x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53u;
    return x ^ x >> 33;
}

/* The first half of MurmurHash3_x64_128 of 31 bytes, seed 42.  A byte more is read, and left out. */
INLINE uint64_t murmur31(const uint8_t *bytes) {
    const uint64_t c1 = 0x87C37B91114253D5u, c2 = 0x4CF5AD432745937Fu;
    uint64_t h1 = 42, h2 = 42;
    h1 ^= turn(word(bytes, 0) * c1, 31) * c2;
    h1 = (turn(h1, 27) + h2) * 5 + 0x52DCE729u;
    h2 ^= turn(word(bytes, 1) * c2, 33) * c1;
    h2 = (turn(h2, 31) + h1) * 5 + 0x38495AB5u;
    h2 ^= turn((word(bytes, 3) & 0x00FFFFFFFFFFFFFFu) * c2, 33) * c1;
    h1 ^= turn(word(bytes, 2) * c1, 31) * c2;
    h1 ^= SKETCH_K, h2 ^= SKETCH_K;
    h1 += h2, h2 += h1;
    h1 = stir(h1), h2 = stir(h2);
    return h1 + h2;
}

static int keep_hash(Sketch *s, uint64_t hash) {
    if (s->n && s->hashes[s->n - 1] == hash) return 1; /* a run of one letter */
    if (s->n == s->room) {
        Py_ssize_t room = s->room ? 2 * s->room : 1024;
        uint64_t *grown = realloc(s->hashes, (size_t)room * sizeof *grown);
        if (!grown) return 0;
        s->hashes = grown, s->room = room;
    }
    s->hashes[s->n++] = hash;
    return 1;
}

/* Letters of a block in both directions, so that any word of either strand is 31 bytes in a row. */
typedef struct {
    uint8_t forward[SKETCH_BLOCK + SKETCH_K + 1], reverse[SKETCH_BLOCK + SKETCH_K + 1];
} Letters;

static int sketch_block(Sketch *s, Letters *l, const uint8_t *codes, Py_ssize_t n, uint64_t most) {
    const uint64_t mask = ((uint64_t)1 << 2 * SKETCH_K) - 1;
    uint64_t ahead = 0, back = 0;
    Py_ssize_t run = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        l->forward[i] = (uint8_t)"ACGT"[codes[i] & 3];
        l->reverse[n - 1 - i] = (uint8_t)"TGCA"[codes[i] & 3];
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t c = codes[i] & 3;
        run = codes[i] > 3 ? 0 : run + 1;
        ahead = (ahead << 2 | c) & mask;
        back = back >> 2 | (3 - c) << 2 * (SKETCH_K - 1);
        if (run < SKETCH_K) continue;
        uint64_t hash = murmur31(ahead <= back ? l->forward + i - (SKETCH_K - 1) : l->reverse + n - 1 - i);
        if (hash <= most && !keep_hash(s, hash)) return 0;
    }
    return 1;
}

/* sketch(codes, most) -> the hashes up to `most` of all words of 31 letters, 8 bytes each, in the order of the words. */
static PyObject *sketch(PyObject *self, PyObject *args) {
    Py_buffer b[1] = {{0}};
    unsigned long long most;
    if (!PyArg_ParseTuple(args, "y*K", &b[0], &most)) return release(b, 1), NULL;
    const uint8_t *codes = b[0].buf;
    Py_ssize_t n = b[0].len;
    Sketch s = {0};
    int good = 1;
    Py_BEGIN_ALLOW_THREADS
    Letters l = {{0}, {0}};
    for (Py_ssize_t at = 0; good && at + SKETCH_K <= n; at += SKETCH_BLOCK) {
        Py_ssize_t size = n - at < SKETCH_BLOCK + SKETCH_K - 1 ? n - at : SKETCH_BLOCK + SKETCH_K - 1;
        good = sketch_block(&s, &l, codes + at, size, most);
    }
    Py_END_ALLOW_THREADS
    release(b, 1);
    PyObject *hashes = good ? PyBytes_FromStringAndSize((const char *)s.hashes, s.n * 8) : PyErr_NoMemory();
    free(s.hashes);
    return hashes;
}
