/* Melodies in lines of scores, with edits; part of _kernels.c.  nlsearch/kernels/melody.py says what is computed, and
 * nlsearch/handlers/score/payload.py how a payload is laid out. */

#define WILD 254 /* a note of the query that any note stands for */
#define MUTE 255 /* a note of an item without pitch, or a letter name that is not known */
#define TUNE_HEADER 36
#define NEAR_ENOUGH 0.12f /* of a duration */
#define UNREACHED 1000000000
#define EDIT 65536 /* what an edit costs; of as many edits those are less that explain a note of the query, see below */
#define STRANGE (EDIT + 1) /* what a note of the query costs that the item does not have */

typedef struct {
    const uint8_t *pitches, *steps;
    const float *gaps, *lengths; /* NULL: durations do not count */
    int64_t n;
    int edits, fixed, spelled, anchored; /* anchored: only from where a line begins */
} Melody;

typedef struct {
    const uint8_t *starts, *pitches, *steps, *gaps, *lengths;
    int64_t lines, notes;
} Lines;

typedef struct { /* FOUND of nlsearch/kernels/melody.py */
    uint32_t item, line, start, end;
    int32_t transposition, steps, edits, strange;
    double scale;
} Heard;

typedef struct {
    Melody m;
    Lines t;
    uint32_t item, line;
    int64_t low, high; /* of the line */
    int32_t *cost, *from; /* three rows of 2 edits + 1 */
    Heard *found;
    int64_t n_found, room;
    int64_t last_diagonal, last_line;
    int last_transposition, last_steps;
    uint64_t bits[256]; /* of each pitch: the notes of the query that are so; queries of up to 64 notes */
} Listening;

/* Find the columns of a payload; -1: it is damaged. */
static int open_lines(const Py_buffer *b, Lines *t) {
    const uint8_t *p = b->buf;
    if (b->len < TUNE_HEADER || memcmp(p, "nlM1", 4)) return -1;
    t->lines = u32_at(p + 12), t->notes = u32_at(p + 16);
    int64_t at = TUNE_HEADER;
    t->starts = p + at, at += 4 * (t->lines + 1);
    t->pitches = p + at, at += padded(t->notes);
    t->steps = p + at, at += padded(t->notes);
    t->gaps = p + at, at += 4 * t->notes;
    t->lengths = p + at, at += 4 * t->notes;
    if (at > b->len || u32_at(t->starts) != 0 || u32_at(t->starts + 4 * t->lines) != t->notes) return -1;
    for (int64_t i = 0; i < t->lines; i++)
        if (u32_at(t->starts + 4 * i) > u32_at(t->starts + 4 * i + 4)) return -1;
    return 0;
}

typedef struct { /* what the query is beside an item */
    int transposition, steps;
    float scale;
} Fit;

INLINE int is_near(float got, float wanted) {
    const float off = got - wanted;
    return off <= NEAR_ENOUGH * wanted && -off <= NEAR_ENOUGH * wanted;
}

INLINE float gap_at(const Lines *t, int64_t at) { return (float)u32_at(t->gaps + 4 * at); }
INLINE float length_at(const Lines *t, int64_t at) { return (float)u32_at(t->lengths + 4 * at); }

INLINE int same_pitch(const Listening *l, int64_t i, int64_t at, const Fit *fit) {
    const Melody *m = &l->m;
    if (m->pitches[i] == WILD) return 1;
    if (l->t.pitches[at] == MUTE || l->t.pitches[at] != m->pitches[i] + fit->transposition) return 0;
    return !m->spelled || m->steps[i] == MUTE || l->t.steps[at] == MUTE ||
           l->t.steps[at] == m->steps[i] + fit->steps;
}

INLINE int same_note(const Listening *l, int64_t i, int64_t at, const Fit *fit) {
    if (!same_pitch(l, i, at, fit)) return 0;
    const Melody *m = &l->m;
    if (!m->gaps || m->pitches[i] == WILD) return 1;
    return is_near(gap_at(&l->t, at), m->gaps[i] * fit->scale) ||
           is_near(length_at(&l->t, at), m->lengths[i] * fit->scale);
}

/* Say whether two notes of the item in a row are one of the query. */
INLINE int is_split(const Listening *l, int64_t i, int64_t at, const Fit *fit) {
    const Melody *m = &l->m;
    if (!same_pitch(l, i, at - 1, fit) || !same_pitch(l, i, at, fit) || m->pitches[i] == WILD) return 0;
    if (!m->gaps) return 1;
    const float first = gap_at(&l->t, at - 1);
    return is_near(first + gap_at(&l->t, at), m->gaps[i] * fit->scale) ||
           is_near(first + length_at(&l->t, at), m->lengths[i] * fit->scale);
}

/* Say whether two notes of the query in a row are one of the item. */
INLINE int is_joined(const Listening *l, int64_t i, int64_t at, const Fit *fit) {
    const Melody *m = &l->m;
    if (m->pitches[i] == WILD || m->pitches[i - 1] != m->pitches[i] || !same_pitch(l, i, at, fit)) return 0;
    if (!m->gaps) return 1;
    return is_near(gap_at(&l->t, at), (m->gaps[i - 1] + m->gaps[i]) * fit->scale) ||
           is_near(length_at(&l->t, at), (m->gaps[i - 1] + m->lengths[i]) * fit->scale);
}

/* A stretch of the item is heard with edits, some of which leave a note of the query without a counterpart (strange). */
static int note_found(Listening *l, int64_t start, int64_t end, int cost, const Fit *fit) {
    if (l->n_found && start < end) {
        const Heard *last = &l->found[l->n_found - 1];
        if (last->item == l->item && last->start == start && last->end == end && last->transposition == fit->transposition &&
            last->edits * EDIT + last->strange <= cost)
            return 0;
    }
    if (l->n_found == l->room) {
        const int64_t room = l->room ? 2 * l->room : 64;
        Heard *more = realloc(l->found, (size_t)room * sizeof(Heard));
        if (!more) return NO_MEMORY;
        l->found = more, l->room = room;
    }
    l->found[l->n_found++] = (Heard){l->item, l->line, (uint32_t)start, (uint32_t)end, fit->transposition, fit->steps,
                                     cost / EDIT, cost % EDIT, l->m.gaps ? fit->scale : 0.0};
    return 0;
}

static void fill_bits(Listening *l) {
    const Melody *m = &l->m;
    uint64_t wild = 0;
    for (int64_t i = 0; i < m->n && m->n <= 64; i++) {
        if (m->pitches[i] == WILD) wild |= (uint64_t)1 << i;
        else l->bits[m->pitches[i]] |= (uint64_t)1 << i;
    }
    for (int p = 0; p < 256; p++) l->bits[p] |= wild;
    l->bits[MUTE] = wild;
}

/* Say whether a stretch near the diagonal may be within the edits: of pitches alone, by bit vectors (Myers, J ACM 1999
 * 46:395). */
static int may_align(const Listening *l, int64_t diagonal, int up) {
    const int64_t n = l->m.n, k = l->m.edits;
    if (n > 64) return 1;
    const int64_t low = diagonal - k > l->low ? diagonal - k : l->low;
    const int64_t high = diagonal + n + k < l->high ? diagonal + n + k : l->high;
    const uint64_t last = (uint64_t)1 << (n - 1);
    uint64_t more = ~(uint64_t)0, less = 0;
    int64_t cost = n;
    if (cost <= k) return 1;
    for (int64_t at = low; at < high; at++) {
        const int pitch = l->t.pitches[at], asked = pitch == MUTE ? MUTE : pitch - up;
        const uint64_t same = asked < 0 || asked > MUTE ? l->bits[MUTE] : l->bits[asked];
        const uint64_t x = same | less, d = ((((x & more) + more) ^ more) | x);
        uint64_t right = less | ~(d | more), left = more & d;
        cost += (right & last) != 0, cost -= (left & last) != 0;
        right <<= 1, left <<= 1;
        more = left | ~(d | right), less = right & d;
        if (cost <= k) return 1;
    }
    return 0;
}

/* Align the whole query around a diagonal, with as many edits at most, and note the best end. */
static int align_melody(Listening *l, int64_t diagonal, const Fit *fit) {
    const int k = l->m.edits, width = 2 * k + 1;
    const int64_t n = l->m.n;
    if (k == 0) {
        if (diagonal < l->low || diagonal + n > l->high || (l->m.anchored && diagonal > l->low)) return 0;
        for (int64_t i = 0; i < n; i++)
            if (!same_note(l, i, diagonal + i, fit)) return 0;
        return note_found(l, diagonal, diagonal + n, 0, fit);
    }
    if (l->m.anchored && (diagonal < l->low - k || diagonal > l->low + k)) return 0;
    if (diagonal >= l->low && diagonal + n <= l->high && (!l->m.anchored || diagonal == l->low)) { /* no edits? */
        int64_t same = 0;
        while (same < n && same_note(l, same, diagonal + same, fit)) same++;
        if (same == n) return note_found(l, diagonal, diagonal + n, 0, fit);
    }
    if (!may_align(l, diagonal, fit->transposition)) return 0;
    /* Cell b of row i: i notes of the query, and the item up to position diagonal + i + b - k. */
    for (int b = 0; b < width; b++) {
        const int64_t end = diagonal + b - k;
        const int is_inside = end >= l->low && end <= l->high;
        const int64_t start = l->m.anchored ? l->low : end; /* what lies before is extra */
        l->cost[b] = is_inside ? (int32_t)(end - start) * EDIT : UNREACHED, l->from[b] = (int32_t)(start - diagonal);
    }
    for (int64_t i = 1; i <= n; i++) {
        int32_t *here = l->cost + i % 3 * width, *came = l->from + i % 3 * width, least = UNREACHED;
        const int32_t *up = l->cost + (i + 2) % 3 * width, *up_from = l->from + (i + 2) % 3 * width;
        const int32_t *two = l->cost + (i + 1) % 3 * width, *two_from = l->from + (i + 1) % 3 * width;
        for (int b = 0; b < width; b++) {
            const int64_t end = diagonal + i + b - k, at = end - 1;
            int32_t best = UNREACHED, from = 0;
            if (end >= l->low && end <= l->high) {
                if (at >= l->low && up[b] < UNREACHED) best = up[b] + (same_note(l, i - 1, at, fit) ? 0 : STRANGE), from = up_from[b];
                if (b + 1 < width && up[b + 1] + STRANGE < best) best = up[b + 1] + STRANGE, from = up_from[b + 1]; /* missing */
                if (b > 0 && here[b - 1] + EDIT < best) best = here[b - 1] + EDIT, from = came[b - 1]; /* extra */
                if (b > 0 && at - 1 >= l->low && up[b - 1] + EDIT < best && is_split(l, i - 1, at, fit))
                    best = up[b - 1] + EDIT, from = up_from[b - 1];
                if (i > 1 && b + 1 < width && at >= l->low && two[b + 1] + EDIT < best && is_joined(l, i - 1, at, fit))
                    best = two[b + 1] + EDIT, from = two_from[b + 1];
            }
            here[b] = best, came[b] = from;
            least = best < least ? best : least;
        }
        if (least / EDIT > k) return 0;
    }
    const int32_t *last = l->cost + n % 3 * width, *from = l->from + n % 3 * width;
    int best = k;
    for (int off = 1; off <= k; off++) { /* of equal ones the nearest to the diagonal */
        if (last[k - off] < last[best]) best = k - off;
        if (last[k + off] < last[best]) best = k + off;
    }
    if (last[best] / EDIT > k) return 0;
    return note_found(l, diagonal + from[best], diagonal + n + best - k, last[best], fit);
}

/* Align through a note of the query and one of the item, at each time scale that they give. */
static int try_note(Listening *l, int64_t q, int64_t at) {
    const Melody *m = &l->m;
    Fit fit = {0, 0, 1.0f};
    if (m->pitches[q] == WILD || l->t.pitches[at] == MUTE) return 0;
    fit.transposition = l->t.pitches[at] - m->pitches[q];
    if (m->fixed && fit.transposition) return 0;
    if (m->spelled && m->steps[q] != MUTE && l->t.steps[at] != MUTE) fit.steps = l->t.steps[at] - m->steps[q];
    const int64_t diagonal = at - q;
    if (!m->gaps) {
        if (l->last_line == l->line && l->last_diagonal == diagonal && l->last_transposition == fit.transposition &&
            l->last_steps == fit.steps)
            return 0;
        l->last_line = l->line, l->last_diagonal = diagonal;
        l->last_transposition = fit.transposition, l->last_steps = fit.steps;
        return align_melody(l, diagonal, &fit);
    }
    const float by_gap = gap_at(&l->t, at) / m->gaps[q], by_length = length_at(&l->t, at) / m->lengths[q];
    fit.scale = by_gap;
    if (by_gap > 0 && align_melody(l, diagonal, &fit) < 0) return NO_MEMORY;
    fit.scale = by_length;
    return by_length > 0 && by_length != by_gap ? align_melody(l, diagonal, &fit) : 0;
}

/* The ways into the cells of a whole stretch, and back: a move a step, for Python. */
typedef enum { SAME, CHANGED, MISSING, EXTRA, SPLIT, MERGED } Move;

static int trace_moves(Listening *l, int64_t start, int64_t end, const Fit *fit, uint8_t *ways, int32_t *cost,
                       uint8_t *moves) {
    const int64_t n = l->m.n, m = end - start, wide = m + 1;
    for (int64_t j = 0; j <= m; j++) cost[j] = (int32_t)j * EDIT, ways[j] = EXTRA;
    for (int64_t i = 1; i <= n; i++) {
        int32_t *here = cost + i % 3 * wide;
        const int32_t *up = cost + (i + 2) % 3 * wide, *two = cost + (i + 1) % 3 * wide;
        for (int64_t j = 0; j <= m; j++) {
            const int64_t at = start + j - 1;
            int32_t best = UNREACHED;
            Move way = MISSING;
            if (j) {
                const int same = same_note(l, i - 1, at, fit);
                best = up[j - 1] + (same ? 0 : STRANGE), way = same ? SAME : CHANGED;
            }
            if (up[j] + STRANGE < best) best = up[j] + STRANGE, way = MISSING;
            if (j && here[j - 1] + EDIT < best) best = here[j - 1] + EDIT, way = EXTRA;
            if (j > 1 && up[j - 2] + EDIT < best && is_split(l, i - 1, at, fit)) best = up[j - 2] + EDIT, way = SPLIT;
            if (i > 1 && j && two[j - 1] + EDIT < best && is_joined(l, i - 1, at, fit)) best = two[j - 1] + EDIT, way = MERGED;
            here[j] = best, ways[i * wide + j] = (uint8_t)way;
        }
    }
    int made = 0;
    for (int64_t i = n, j = m; i || j;) {
        const uint8_t way = i ? ways[i * wide + j] : (uint8_t)EXTRA;
        moves[made++] = way;
        i -= way == MERGED ? 2 : way != EXTRA;
        j -= way == SPLIT ? 2 : way != MISSING;
    }
    return made;
}

static int64_t line_of(const Lines *t, int64_t at) {
    int64_t low = 0, high = t->lines; /* the last that starts at or before */
    while (high - low > 1) {
        const int64_t middle = (low + high) / 2;
        if ((int64_t)u32_at(t->starts + 4 * middle) <= at) low = middle;
        else high = middle;
    }
    return low;
}

static void enter_line(Listening *l, int64_t line) {
    l->line = (uint32_t)line, l->low = u32_at(l->t.starts + 4 * line), l->high = u32_at(l->t.starts + 4 * line + 4);
}

static int try_all(Listening *l, const uint32_t *queries, int64_t n) {
    for (int64_t line = 0; line < l->t.lines; line++) {
        enter_line(l, line);
        for (int64_t at = l->low; at < l->high; at++)
            for (int64_t i = 0; i < n; i++)
                if (try_note(l, queries[i], at) < 0) return NO_MEMORY;
    }
    return 0;
}

static int enter_item(Listening *l, PyObject *payloads, int64_t item, Py_buffer *view) {
    if (view->obj) PyBuffer_Release(view);
    if (PyObject_GetBuffer(PyList_GET_ITEM(payloads, (Py_ssize_t)item), view, PyBUF_SIMPLE) < 0) return -1;
    if (open_lines(view, &l->t) < 0) {
        refuse("a payload is damaged");
        return -1;
    }
    l->item = (uint32_t)item, l->last_line = -1;
    return 0;
}

static int listen(Listening *l, PyObject *payloads, const Py_buffer *b, Py_buffer *view) {
    const uint32_t *items = b[0].buf, *queries = b[1].buf;
    const int64_t *targets = b[2].buf, n = b[1].len / 4, held = PyList_GET_SIZE(payloads);
    for (int64_t i = 0; i < n; i++)
        if ((int64_t)queries[i] >= l->m.n) return refuse("an anchor lies outside of the query"), -1;
    if (!items) { /* every note of every item */
        for (int64_t item = 0; item < held; item++) {
            if (enter_item(l, payloads, item, view) < 0) return -1;
            if (try_all(l, queries, n) < 0) return PyErr_NoMemory(), -1;
        }
        return 0;
    }
    int64_t entered = -1;
    for (int64_t i = 0; i < n; i++) {
        if ((int64_t)items[i] >= held || (i && items[i] < items[i - 1])) return refuse("anchors do not fit"), -1;
        if ((int64_t)items[i] != entered && enter_item(l, payloads, entered = items[i], view) < 0) return -1;
        if (targets[i] < 0 || targets[i] >= l->t.notes) return refuse("an anchor lies outside of its item"), -1;
        enter_line(l, line_of(&l->t, targets[i]));
        if (try_note(l, queries[i], targets[i]) < 0) return PyErr_NoMemory(), -1;
    }
    return 0;
}

static PyObject *trace_melody(PyObject *self, PyObject *args) {
    PyObject *result = NULL;
    Py_buffer b[5] = {{0}};
    Listening l = {0};
    Fit fit;
    long long start, end;
    if (!PyArg_ParseTuple(args, "(ippp)y*y*z*z*y*LL(iif)", &l.m.edits, &l.m.fixed, &l.m.spelled, &l.m.anchored,
                          &b[0], &b[1], &b[2], &b[3], &b[4], &start, &end, &fit.transposition, &fit.steps, &fit.scale))
        return release(b, 5), NULL;
    l.m.n = b[0].len, l.m.pitches = b[0].buf, l.m.steps = b[1].buf, l.m.gaps = b[2].buf, l.m.lengths = b[3].buf;
    if (open_lines(&b[4], &l.t) < 0 || start < 0 || end < start || end > l.t.notes || end - start > 4 * l.m.n + 4 ||
        b[1].len != l.m.n || (b[2].buf && (b[2].len != 4 * l.m.n || b[3].len != 4 * l.m.n)))
        return refuse("the stretch lies outside of its item, or a payload is damaged"), release(b, 5), NULL;
    const size_t wide = (size_t)(end - start + 1), tall = (size_t)l.m.n + 1;
    uint8_t *ways = malloc(wide * tall), *moves = malloc(wide + tall);
    int32_t *cost = malloc(3 * wide * sizeof(int32_t));
    if (ways && moves && cost)
        result = PyBytes_FromStringAndSize((char *)moves, trace_moves(&l, start, end, &fit, ways, cost, moves));
    else PyErr_NoMemory();
    free(ways), free(moves), free(cost);
    release(b, 5);
    return result;
}

/* find_melodies((edits, fixed, spelled, anchored), pitches, steps, gaps or None, lengths or None, payloads, items or None,
 * queries, targets or None) */
static PyObject *find_melodies(PyObject *self, PyObject *args) {
    PyObject *payloads, *result = NULL;
    Py_buffer b[4] = {{0}}, a[3] = {{0}}, view = {0};
    Listening l = {0};
    if (!PyArg_ParseTuple(args, "(ippp)y*y*z*z*O!z*y*z*", &l.m.edits, &l.m.fixed, &l.m.spelled, &l.m.anchored,
                          &b[0], &b[1], &b[2], &b[3], &PyList_Type, &payloads, &a[0], &a[1], &a[2]))
        return release(b, 4), release(a, 3), NULL;
    l.m.n = b[0].len, l.m.pitches = b[0].buf, l.m.steps = b[1].buf, l.m.gaps = b[2].buf, l.m.lengths = b[3].buf;
    const Py_ssize_t room = 3 * (2 * (Py_ssize_t)l.m.edits + 1);
    if (l.m.n < 1 || l.m.edits < 0 || l.m.edits > l.m.n || b[1].len != l.m.n || (a[0].buf == NULL) != (a[2].buf == NULL) ||
        (a[0].buf && (a[0].len != a[1].len || a[2].len != 2 * a[1].len)) || (b[2].buf == NULL) != (b[3].buf == NULL) ||
        (b[2].buf && (b[2].len != 4 * l.m.n || b[3].len != 4 * l.m.n))) {
        refuse("the arrays of a melody do not fit");
        goto done;
    }
    fill_bits(&l);
    l.cost = malloc((size_t)room * sizeof(int32_t)), l.from = malloc((size_t)room * sizeof(int32_t));
    if (!l.cost || !l.from) {
        PyErr_NoMemory();
        goto done;
    }
    if (listen(&l, payloads, a, &view) == 0)
        result = PyBytes_FromStringAndSize((const char *)l.found, l.n_found * (Py_ssize_t)sizeof(Heard));
done:
    free(l.cost), free(l.from), free(l.found);
    release(&view, 1), release(b, 4), release(a, 3);
    return result;
}
