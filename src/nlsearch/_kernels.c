/* Hot loops of nlsearch.  Each has a NumPy oracle in nlsearch/kernels/, which says what it computes and by which paper.
 *
 * Conventions: arguments are contiguous buffers of the types that the Python side ensures; lengths are checked here
 * before anything is read, and a wrong one raises ValueError.  Loops are plain, so that the compiler vectorises them,
 * and run without the GIL.  Little-endian only (nlsearch/kernels/native.py looks). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define CLONED __attribute__((target_clones("avx2", "popcnt", "default")))
#else
#define CLONED
#endif

#if defined(__GNUC__)
#define POPCOUNT(x) ((uint32_t)__builtin_popcountll(x))
#define PREFETCH(p) __builtin_prefetch(p)
#define INLINE static inline __attribute__((always_inline))
#else
#define PREFETCH(p) ((void)(p))
#define INLINE static inline
static inline uint32_t POPCOUNT(uint64_t x) {
    x -= (x >> 1) & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
    return (uint32_t)((((x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Fu) * 0x0101010101010101u) >> 56);
}
#endif

#define FOLD_WORDS 4

static PyObject *refuse(const char *message) {
    PyErr_SetString(PyExc_ValueError, message);
    return NULL;
}

static void release(Py_buffer *buffers, int n) {
    for (int i = 0; i < n; i++)
        if (buffers[i].obj) PyBuffer_Release(&buffers[i]);
}

INLINE uint64_t word(const uint8_t *bytes, Py_ssize_t i) {
    uint64_t w;
    memcpy(&w, bytes + 8 * i, 8);
    return w;
}

/* ------------------------------------------------------------------------------------------------------- bit sets */
INLINE uint32_t common(const uint8_t *a, const uint8_t *b, Py_ssize_t words) {
    uint32_t n = 0;
    for (Py_ssize_t i = 0; i < words; i++) n += POPCOUNT(word(a, i) & word(b, i));
    return n;
}

INLINE uint32_t differing(const uint8_t *a, const uint8_t *b, Py_ssize_t words) {
    uint32_t n = 0;
    for (Py_ssize_t i = 0; i < words; i++) n += POPCOUNT(word(a, i) ^ word(b, i));
    return n;
}

INLINE double ratio(uint32_t shared, uint64_t both) {
    return both > shared ? (double)shared / (double)(both - shared) : 0.0;
}

CLONED static void count_rows(const uint8_t *rows, Py_ssize_t n, Py_ssize_t width, uint32_t *out) {
    for (Py_ssize_t r = 0; r < n; r++) out[r] = common(rows + r * width, rows + r * width, width / 8);
}

CLONED static void compare_rows(const uint8_t *query, const uint8_t *rows, Py_ssize_t n, Py_ssize_t width,
                                const uint32_t *counts, float *out) {
    uint64_t own = common(query, query, width / 8);
    for (Py_ssize_t r = 0; r < n; r++)
        out[r] = (float)ratio(common(query, rows + r * width, width / 8), own + counts[r]);
}

CLONED static void differ_rows(const uint8_t *query, const uint8_t *rows, Py_ssize_t n, Py_ssize_t width,
                               uint32_t *out) {
    for (Py_ssize_t r = 0; r < n; r++) out[r] = differing(query, rows + r * width, width / 8);
}

static PyObject *popcounts(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    Py_ssize_t width;
    if (!PyArg_ParseTuple(args, "y*nw*", &b[0], &width, &b[1])) return release(b, 2), NULL;
    Py_ssize_t n = b[1].len / 4;
    int fits = width >= 0 && width % 8 == 0 && (width == 0 ? b[0].len == 0 : b[0].len / width == n && b[0].len % width == 0);
    if (fits) {
        Py_BEGIN_ALLOW_THREADS count_rows(b[0].buf, n, width, b[1].buf);
        Py_END_ALLOW_THREADS
    }
    release(b, 2);
    if (!fits) return refuse("rows and counts do not fit");
    Py_RETURN_NONE;
}

static int rows_fit(const Py_buffer *query, const Py_buffer *rows, Py_ssize_t n) {
    return query->len % 8 == 0 && (n == 0 || query->len <= PY_SSIZE_T_MAX / n) && rows->len == n * query->len;
}

static PyObject *tanimoto(PyObject *self, PyObject *args) {
    Py_buffer b[4] = {{0}};
    if (!PyArg_ParseTuple(args, "y*y*y*w*", &b[0], &b[1], &b[2], &b[3])) return release(b, 4), NULL;
    Py_ssize_t n = b[2].len / 4;
    int fits = b[3].len / 4 == n && rows_fit(&b[0], &b[1], n);
    if (fits) {
        Py_BEGIN_ALLOW_THREADS compare_rows(b[0].buf, b[1].buf, n, b[0].len, b[2].buf, b[3].buf);
        Py_END_ALLOW_THREADS
    }
    release(b, 4);
    if (!fits) return refuse("query, rows and counts do not fit");
    Py_RETURN_NONE;
}

static PyObject *hamming(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    if (!PyArg_ParseTuple(args, "y*y*w*", &b[0], &b[1], &b[2])) return release(b, 3), NULL;
    Py_ssize_t n = b[2].len / 4;
    int fits = rows_fit(&b[0], &b[1], n);
    if (fits) {
        Py_BEGIN_ALLOW_THREADS differ_rows(b[0].buf, b[1].buf, n, b[0].len, b[2].buf);
        Py_END_ALLOW_THREADS
    }
    release(b, 3);
    if (!fits) return refuse("query and rows do not fit");
    Py_RETURN_NONE;
}

typedef struct {
    double similarity;
    uint32_t key, row;
} Found;

typedef struct {
    const uint8_t *query, *rows, *folds, *mask;
    const uint32_t *counts, *keys;
    uint8_t folded[8 * FOLD_WORDS];
    Py_ssize_t n, width, limit, size, room;
    uint64_t own;
    double minimum;
    Found *found; /* a heap with the worst at its root once `limit` are found */
} Search;

static int worse(const Found *a, const Found *b) {
    return a->similarity != b->similarity ? a->similarity < b->similarity : a->key > b->key;
}

static int best_first(const void *a, const void *b) {
    return worse(a, b) ? 1 : worse(b, a) ? -1 : 0;
}

static void sink(Found *heap, Py_ssize_t size, Py_ssize_t at) {
    for (Py_ssize_t child; (child = 2 * at + 1) < size; at = child) {
        if (child + 1 < size && worse(&heap[child + 1], &heap[child])) child++;
        if (!worse(&heap[child], &heap[at])) return;
        Found swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
    }
}

/* Keep a row; true if the least similarity worth keeping has grown, -1 without memory. */
static int keep(Search *s, Found f) {
    if (s->size == s->limit) {
        if (!worse(&s->found[0], &f)) return 0;
        s->found[0] = f;
        sink(s->found, s->size, 0);
    } else {
        if (s->size == s->room) {
            Py_ssize_t room = s->room ? 2 * s->room : 256;
            Found *more = realloc(s->found, (size_t)room * sizeof(Found));
            if (!more) return -1;
            s->found = more;
            s->room = room;
        }
        s->found[s->size++] = f;
        if (s->size < s->limit) return 0;
        for (Py_ssize_t i = s->size / 2; i-- > 0;) sink(s->found, s->size, i);
    }
    double least = s->found[0].similarity;
    int grown = least > s->minimum;
    if (grown) s->minimum = least;
    return grown;
}

/* The fewest shared bits at which a row of `count` bits is similar enough. */
INLINE int64_t needed(const Search *s, uint32_t count) {
    double both = (double)(s->own + count);
    int64_t shared = (int64_t)(s->minimum * both / (1.0 + s->minimum)) - 1;
    if (shared < 0) shared = 0;
    while ((uint64_t)shared <= s->own + count && ratio((uint32_t)shared, s->own + count) < s->minimum) shared++;
    return shared;
}

/* Visit rows [low, high), which all have `count` bits. */
CLONED static int visit(Search *s, Py_ssize_t low, Py_ssize_t high, uint32_t count) {
    int64_t need = needed(s, count);
    for (Py_ssize_t r = low; r < high; r++) {
        if (s->folds) { /* sets that differ in d folded bits share at most (own + count - d) / 2 */
            uint32_t d = 0;
            for (int i = 0; i < FOLD_WORDS; i++) d += POPCOUNT(word(s->folded, i) ^ word(s->folds + 32 * r, i));
            if ((int64_t)(s->own + count) - 2 * need < (int64_t)d) continue;
        }
        if (s->mask && !s->mask[r]) continue;
        uint32_t shared = common(s->query, s->rows + r * s->width, s->width / 8);
        if (shared < need) continue;
        Found f = {ratio(shared, s->own + count), s->keys ? s->keys[r] : (uint32_t)r, (uint32_t)r};
        int grown = keep(s, f);
        if (grown < 0) return -1;
        if (grown) need = needed(s, count);
    }
    return 0;
}

INLINE double bound(uint64_t a, uint64_t b) {
    return a < b ? (double)a / (double)b : a ? (double)b / (double)a : 0.0;
}

/* Visit runs of equal count from the query's own count outwards, the better bound first. */
static int search(Search *s) {
    Py_ssize_t left = 0, right = s->n;
    for (Py_ssize_t gap = right; gap > 0;) { /* lower bound of the own count */
        Py_ssize_t half = gap / 2;
        if (s->counts[left + half] < s->own) left += half + 1, gap -= half + 1;
        else gap = half;
    }
    right = left;
    while (left > 0 || right < s->n) {
        double down = left > 0 ? bound(s->own, s->counts[left - 1]) : -1;
        double up = right < s->n ? bound(s->own, s->counts[right]) : -1;
        if (s->limit == 0 || (down < s->minimum && up < s->minimum)) return 0;
        Py_ssize_t low = left, high = right;
        uint32_t count = up >= down ? s->counts[right] : s->counts[left - 1];
        if (up >= down) {
            while (right < s->n && s->counts[right] == count) right++;
            low = high, high = right;
        } else {
            while (left > 0 && s->counts[left - 1] == count) left--;
            high = low, low = left;
        }
        if (visit(s, low, high, count) < 0) return -1;
    }
    return 0;
}

static int ascending(const uint32_t *counts, Py_ssize_t n) {
    uint32_t wrong = 0;
    for (Py_ssize_t r = 1; r < n; r++) wrong |= counts[r] < counts[r - 1];
    return !wrong;
}

static PyObject *tanimoto_top(PyObject *self, PyObject *args) {
    Py_buffer b[6] = {{0}};
    Search s = {0};
    PyObject *answer = NULL;
    uint32_t own = 0;
    int sorted = 0, state = 0;
    if (!PyArg_ParseTuple(args, "y*y*y*dnz*z*z*", &b[0], &b[1], &b[2], &s.minimum, &s.limit, &b[3], &b[4], &b[5]))
        goto done;
    s.n = b[2].len / 4;
    if (!rows_fit(&b[0], &b[1], s.n) || (b[3].buf && b[3].len / 4 != s.n) || (b[4].buf && b[4].len / 32 != s.n) ||
        (b[5].buf && b[5].len != s.n) || s.n > UINT32_MAX || s.limit < 0 || s.minimum != s.minimum) {
        refuse("query, rows, counts, keys, folded rows and mask do not fit");
        goto done;
    }
    s.query = b[0].buf, s.rows = b[1].buf, s.counts = b[2].buf, s.keys = b[3].buf, s.folds = b[4].buf;
    s.mask = b[5].buf, s.width = b[0].len;
    Py_BEGIN_ALLOW_THREADS
    if (s.minimum < 0) s.minimum = 0;
    count_rows(s.query, 1, s.width, &own);
    s.own = own;
    for (Py_ssize_t i = 0; i < s.width; i++) s.folded[i % (8 * FOLD_WORDS)] ^= s.query[i];
    sorted = ascending(s.counts, s.n);
    if (sorted) state = search(&s);
    if (state == 0 && s.size) qsort(s.found, (size_t)s.size, sizeof(Found), best_first);
    Py_END_ALLOW_THREADS
    if (!sorted) refuse("rows must be sorted by count");
    else if (state < 0) PyErr_NoMemory();
    else {
        PyObject *rows = PyBytes_FromStringAndSize(NULL, 4 * s.size);
        PyObject *similarities = PyBytes_FromStringAndSize(NULL, 4 * s.size);
        if (rows && similarities) {
            uint32_t *row = (uint32_t *)PyBytes_AS_STRING(rows);
            float *similarity = (float *)PyBytes_AS_STRING(similarities);
            for (Py_ssize_t i = 0; i < s.size; i++) row[i] = s.found[i].row, similarity[i] = (float)s.found[i].similarity;
            answer = PyTuple_Pack(2, rows, similarities);
        }
        Py_XDECREF(rows);
        Py_XDECREF(similarities);
    }
done:
    free(s.found);
    release(b, 6);
    return answer;
}

/* ------------------------------------------------------------------------------------------------------ sequences */
static PyObject *pack2(PyObject *self, PyObject *args) {
    Py_buffer b[1] = {{0}};
    if (!PyArg_ParseTuple(args, "y*", &b[0])) return NULL;
    Py_ssize_t n = b[0].len;
    PyObject *packed = PyBytes_FromStringAndSize(NULL, (n + 3) / 4);
    if (packed) {
        const uint8_t *c = b[0].buf;
        uint8_t *out = (uint8_t *)PyBytes_AS_STRING(packed);
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < n / 4; i++, c += 4)
            out[i] = (uint8_t)((c[0] & 3) | (c[1] & 3) << 2 | (c[2] & 3) << 4 | (c[3] & 3) << 6);
        if (n % 4) {
            out[n / 4] = 0;
            for (int j = 0; j < n % 4; j++) out[n / 4] |= (uint8_t)((c[j] & 3) << 2 * j);
        }
        Py_END_ALLOW_THREADS
    }
    release(b, 1);
    return packed;
}

static PyObject *unpack2(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    Py_ssize_t start;
    if (!PyArg_ParseTuple(args, "y*nw*", &b[0], &start, &b[1])) return release(b, 2), NULL;
    Py_ssize_t n = b[1].len;
    int fits = start >= 0 && b[0].len <= PY_SSIZE_T_MAX / 4 && n <= 4 * b[0].len && start <= 4 * b[0].len - n;
    if (fits) {
        const uint8_t *packed = b[0].buf;
        uint8_t *out = b[1].buf;
        Py_BEGIN_ALLOW_THREADS
        Py_ssize_t i = 0;
        for (; i < n && (start + i) % 4; i++) out[i] = packed[(start + i) / 4] >> 2 * ((start + i) % 4) & 3;
        for (; i + 4 <= n; i += 4) {
            uint8_t quad = packed[(start + i) / 4];
            out[i] = quad & 3, out[i + 1] = quad >> 2 & 3, out[i + 2] = quad >> 4 & 3, out[i + 3] = quad >> 6;
        }
        for (; i < n; i++) out[i] = packed[(start + i) / 4] >> 2 * ((start + i) % 4) & 3;
        Py_END_ALLOW_THREADS
    }
    release(b, 2);
    if (!fits) return refuse("the packed bytes hold fewer codes");
    Py_RETURN_NONE;
}

INLINE uint64_t rank(uint64_t smer) {
    uint64_t mixed = (smer ^ 0x5D588B656C078965u) * 0x9E3779B97F4A7C15u;
    mixed ^= mixed >> 31;
    return mixed * 0x9E3779B97F4A7C15u;
}

static Py_ssize_t find_syncmers(const uint8_t *codes, Py_ssize_t n, int k, int s, uint32_t *keys, uint32_t *positions,
                                uint8_t *flags) {
    const int half = k / 2, window = k - s;
    const uint64_t kmask = ((uint64_t)1 << 2 * k) - 1, smask = ((uint64_t)1 << 2 * s) - 1;
    const uint64_t low = ((uint64_t)1 << (2 * half + 1)) - 1;
    uint64_t forward = 0, reverse = 0, sreverse = 0, ring[16];
    Py_ssize_t found = 0, run = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t c = codes[i];
        if (c > 3) {
            run = 0;
            continue;
        }
        run++;
        forward = (forward << 2 | c) & kmask;
        reverse = reverse >> 2 | (3 - c) << 2 * (k - 1);
        sreverse = sreverse >> 2 | (3 - c) << 2 * (s - 1);
        if (run < s) continue;
        uint64_t sforward = forward & smask;
        uint64_t newest = rank(sforward < sreverse ? sforward : sreverse);
        ring[i & 15] = newest;
        if (run < k) continue;
        uint64_t oldest = ring[(i - window) & 15], least = newest < oldest ? newest : oldest;
        int inner = 0; /* a smaller s-mer between the ends */
        for (int j = 1; j < window; j++) inner |= ring[(i - j) & 15] < least;
        int flag = (forward >> 2 * half & 3) > 1;
        uint64_t taken = flag ? reverse : forward;
        keys[found] = (uint32_t)(taken >> (2 * half + 2) << (2 * half + 1) | (taken & low));
        positions[found] = (uint32_t)(i - k + 1);
        flags[found] = (uint8_t)flag;
        found += !inner;
    }
    return found;
}

static PyObject *syncmers(PyObject *self, PyObject *args) {
    Py_buffer b[4] = {{0}};
    int k, s;
    if (!PyArg_ParseTuple(args, "y*iiw*w*w*", &b[0], &k, &s, &b[1], &b[2], &b[3])) return release(b, 4), NULL;
    Py_ssize_t n = b[0].len, room = n < k ? 0 : n - k + 1, found = 0;
    int fits = k >= 3 && k <= 15 && k % 2 && s >= 1 && s < k && n <= UINT32_MAX && b[1].len / 4 >= room &&
               b[2].len / 4 >= room && b[3].len >= room;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS found = find_syncmers(b[0].buf, n, k, s, b[1].buf, b[2].buf, b[3].buf);
        Py_END_ALLOW_THREADS
    }
    release(b, 4);
    return fits ? PyLong_FromSsize_t(found) : refuse("k, s or the room for syncmers is out of range");
}

INLINE int64_t one_way(const uint8_t *q, const uint8_t *t, Py_ssize_t n, int step, int64_t match, int64_t mismatch,
                       int64_t xdrop, Py_ssize_t *length) {
    int64_t score = 0, best = 0;
    *length = 0;
    for (Py_ssize_t i = 0; i < n; i++, q += step, t += step) {
        score += *q == *t && *q < 4 ? match : mismatch;
        if (score > best) best = score, *length = i + 1;
        else if (best - score > xdrop) break;
    }
    return best;
}

static PyObject *extend(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    Py_ssize_t qpos, tpos, ahead, back;
    long match, mismatch, xdrop;
    if (!PyArg_ParseTuple(args, "y*y*nnlll", &b[0], &b[1], &qpos, &tpos, &match, &mismatch, &xdrop))
        return release(b, 2), NULL;
    if (qpos < 0 || tpos < 0 || qpos > b[0].len || tpos > b[1].len) {
        release(b, 2);
        return refuse("a position is outside of its sequence");
    }
    const uint8_t *q = (const uint8_t *)b[0].buf + qpos, *t = (const uint8_t *)b[1].buf + tpos;
    Py_ssize_t right = b[0].len - qpos < b[1].len - tpos ? b[0].len - qpos : b[1].len - tpos;
    Py_ssize_t left = qpos < tpos ? qpos : tpos;
    int64_t score;
    Py_BEGIN_ALLOW_THREADS
    score = one_way(q, t, right, 1, match, mismatch, xdrop, &ahead);
    score += one_way(q - 1, t - 1, left, -1, match, mismatch, xdrop, &back);
    Py_END_ALLOW_THREADS
    release(b, 2);
    return Py_BuildValue("Lnnnn", (long long)score, qpos - back, qpos + ahead, tpos - back, tpos + ahead);
}

#include "_voting.c" /* parts of this file; they need the helpers above */
#include "_graphs.c"
#include "_matching.c"
#include "_peaklists.c"
#include "_peakindex.c"
#include "_hspband.c"
#include "_hsps.c"
#include "_sketch.c"
#include "_motifs.c"
#include "_residues.c"
#include "_translated.c" /* needs _hsps.c and _residues.c */
#include "_melody.c" /* needs _hspband.c */
#include "_landmarks.c"
#include "_loudness.c"
#include "_contours.c"
#include "_humming.c" /* needs _melody.c */

static PyMethodDef methods[] = {
    {"popcounts", popcounts, METH_VARARGS, "popcounts(rows, width, out)"},
    {"tanimoto", tanimoto, METH_VARARGS, "tanimoto(query, rows, counts, out)"},
    {"hamming", hamming, METH_VARARGS, "hamming(query, rows, out)"},
    {"tanimoto_top", tanimoto_top, METH_VARARGS,
     "tanimoto_top(query, rows, counts, minimum, limit, keys, folds, mask) -> (rows, similarities)"},
    {"pack2", pack2, METH_VARARGS, "pack2(codes) -> bytes"},
    {"unpack2", unpack2, METH_VARARGS, "unpack2(packed, start, out)"},
    {"syncmers", syncmers, METH_VARARGS, "syncmers(codes, k, s, keys, positions, flags) -> how many"},
    {"extend", extend, METH_VARARGS, "extend(query, target, qpos, tpos, match, mismatch, xdrop) -> tuple"},
    {"sort_pairs", sort_pairs, METH_VARARGS, "sort_pairs(keys, values), in place"},
    {"pack_postings", pack_postings, METH_VARARGS, "pack_postings(values, width, out)"},
    {"vote", vote, METH_VARARGS, "vote(packed, item_starts, begins, ends, positions, flags, settings) -> bands"},
    {"encode_graph", encode_graph, METH_VARARGS, "encode_graph(smiles, order, rings, slanted_is_aromatic) -> bytes"},
    {"with_hydrogens", with_hydrogens, METH_VARARGS, "with_hydrogens(graph) -> bytes"},
    {"graph_terms", graph_terms, METH_VARARGS, "graph_terms(graph, hashes, joined, out) -> how many, -1 too many"},
    {"decide", decide, METH_VARARGS, "decide(program, buffers, offset) -> bytes"},
    {"decide_parts", decide_parts, METH_VARARGS, "decide_parts(graph, buffers, offset) -> bytes"},
    {"count_bonds", count_bonds, METH_VARARGS, "count_bonds(program, graph) -> how many"},
    {"find", find, METH_VARARGS, "find(program, graph, rows, most, steps) -> (atoms of the matches, whether these are all)"},
    {"score_lists", score_lists, METH_VARARGS, "score_lists(settings, query, records, out)"},
    {"compare_lists", compare_lists, METH_VARARGS, "compare_lists(settings, query, record) -> pairs, 32 bytes each"},
    {"clean_list", clean_list, METH_VARARGS, "clean_list(settings, record) -> peaks, weights, distances, exponent, norm"},
    {"score_positions", score_positions, METH_VARARGS,
     "score_positions(asked, tolerance, least, relative, losses, axis, records, out)"},
    {"check_peaks", check_peaks, METH_VARARGS, "check_peaks(items, by_loss, rows) -> whether all numbers fit"},
    {"tally_peaks", tally_peaks, METH_VARARGS, "tally_peaks(index arrays, query, settings, scores, counts)"},
    {"find_hsps", find_hsps, METH_VARARGS, "find_hsps(scheme, query, payloads, items, flags, queries, targets) -> HSPs"},
    {"trace_hsp", trace_hsp, METH_VARARGS,
     "trace_hsp(scheme, query, payload, strand, q_at, t_at) -> (q_start, q_end, t_start, t_end, score, columns)"},
    {"anchors", anchors, METH_VARARGS, "anchors(packed, item_starts, begins, ends, positions, flags, settings) -> hits"},
    {"sketch", sketch, METH_VARARGS, "sketch(codes, most) -> hashes, 8 bytes each"},
    {"find_motif", find_motif, METH_VARARGS, "find_motif(codes, allowed, starts) -> how many"},
    {"score_ungapped", score_ungapped, METH_VARARGS,
     "score_ungapped(matrix, query, cap, records, offset, length_at, out)"},
    {"score_gapped", score_gapped, METH_VARARGS,
     "score_gapped(matrix, query, open, extend, records, offset, length_at, goals, out)"},
    {"align_residues", align_residues, METH_VARARGS,
     "align_residues(matrix, query, target, open, extend) -> (score, q_start, q_end, t_start, t_end, runs)"},
    {"translate_frame", translate_frame, METH_VARARGS, "translate_frame(table, payload, frame, first, out)"},
    {"translated_places", translated_places, METH_VARARGS,
     "translated_places(matrix, query, table, payloads, frames, trigger, cap) -> places, 28 bytes each"},
    {"find_melodies", find_melodies, METH_VARARGS,
     "find_melodies((edits, fixed, spelled), pitches, steps, gaps, lengths, payloads, items, queries, targets) -> matches"},
    {"trace_melody", trace_melody, METH_VARARGS,
     "trace_melody(settings, pitches, steps, gaps, lengths, payload, start, end, (up, steps, scale)) -> moves, last first"},
    {"pitch_saliences", pitch_saliences, METH_VARARGS,
     "pitch_saliences(spectrum, bins, flat, below, share, shifts, gains, weights, out)"},
    {"salient_path", salient_path, METH_VARARGS, "salient_path(gains, pitches, step, jump, unvoiced, chosen)"},
    {"kept_levels", kept_levels, METH_VARARGS, "kept_levels(pitches, levels, change, most, chosen)"},
    {"band_levels", band_levels, METH_VARARGS, "band_levels(spectrum, bins, first, edges, weights, floor, levels)"},
    {"whiten_levels", whiten_levels, METH_VARARGS, "whiten_levels(levels, bands, reach, out)"},
    {"local_peaks", local_peaks, METH_VARARGS,
     "local_peaks(levels, bands, reach_frames, reach_bands, minimum, begin, end) -> PEAK"},
    {"peak_pairs", peak_pairs, METH_VARARGS, "peak_pairs(frames, bands, fan, most_frames, most_bands) -> PAIR"},
    {"weigh_places", weigh_places, METH_VARARGS,
     "weigh_places(levels, bands, worth, windows, payloads, rows, targets, readings, (later, up), sums, inside)"},
    {"vote_best", vote_best, METH_VARARGS,
     "vote_best(packed, item_starts, begins, ends, positions, weights, readings, wanted, settings) -> BEST"},
    {"weigh_hops", weigh_hops, METH_VARARGS, "weigh_hops(samples, channels, hop, filters, state, out)"},
    {"find_hum", find_hum, METH_VARARGS,
     "find_hum(costs, pitches, gaps, payloads, line_pitches, line_gaps, line_starts) -> places, 20 bytes each"},
    {"label_atoms", label_atoms, METH_VARARGS, "label_atoms(program, graph) -> bytes"},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_kernels", "Hot loops of nlsearch; see nlsearch.kernels.", -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModule_Create(&module); }
