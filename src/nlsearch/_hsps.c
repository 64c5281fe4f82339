/* Local alignments of nucleotides, a part of _kernels.c: anchors are extended without gaps on two-bit letters, then
 * with gaps (_hspband.c).  nlsearch/kernels/hsps.py says what they compute and by which papers. */

#define ROUNDED 8 /* positions of anchors in the target are rounded down to a multiple of this */
#define SLACK 4   /* matches that the last extension may add to the first */
#define AHEAD 24  /* anchors whose letters are fetched before they are needed */
#define RECENT 16 /* diagonals whose last extension is remembered */
#define CHUNK 24  /* letters compared at once, eight by eight */

typedef struct { /* an alignment without gaps that may grow; positions in the query are along the strand */
    int64_t q, t, length;
    int32_t strand, score;
} Start;

typedef struct { /* positions in the target on one diagonal */
    int64_t diagonal, from, to;
    int32_t strand;
} Covered;

/* What eight letters add, by which of them differ: in all, at the best prefix, and that prefix. */
typedef struct {
    int16_t all[256], best[256];
    uint8_t length[256];
} Eights;

typedef struct {
    const uint32_t *items, *queries;
    const uint8_t *flags;
    const int64_t *targets;
    int64_t n;
} Anchored;

typedef struct {
    Scheme c;
    Query q;
    Eights eights;
    Bench w;
    Target t; /* the item at hand */
    int32_t item;
    int64_t first; /* of its alignments */
    Start *starts;
    Hsp *hsps;
    int64_t n_starts, room_starts, n_hsps, room_hsps;
} Hunt;

/* -------------------------------------------------------------------------------------------------------- the query */
static int open_query(Query *q, const uint8_t *codes, int64_t n) {
    q->length = n, q->bytes = (n + 3) / 4, q->breaks = 0;
    q->turned = malloc((size_t)n + 1);
    q->codes[0] = codes, q->codes[1] = q->turned;
    if (!q->turned) return NO_MEMORY;
    for (int64_t i = 0; i < n; i++) {
        uint8_t code = codes[n - 1 - i];
        q->turned[i] = code > 3 ? code : 3 - code;
        q->breaks |= code > 3;
    }
    for (int s = 0; s < 2; s++) {
        q->packed[s] = calloc((size_t)q->bytes + 1, 1);
        if (!q->packed[s]) return NO_MEMORY;
        for (int64_t i = 0; i < n; i++) q->packed[s][i >> 2] |= (q->codes[s][i] & 3) << 2 * (i & 3);
    }
    return 0;
}

static void close_query(Query *q) {
    free(q->turned), free(q->packed[0]), free(q->packed[1]);
}

/* Read the scheme, and see that neither a score nor a number of columns of the query can be too large. */
static int read_scheme(PyObject *settings, int64_t length, Scheme *c) {
    if (!PyArg_ParseTuple(settings, "iiiiiiiiiii", &c->match, &c->mismatch, &c->open, &c->extend, &c->seed,
                          &c->ungapped_drop, &c->trigger, &c->drop, &c->last_drop, &c->cutoff, &c->most))
        return -1;
    const int64_t drop = c->drop > c->last_drop ? c->drop : c->last_drop;
    if (c->match < 1 || c->match > 100 || c->mismatch > 0 || c->mismatch < -100 || c->open < 0 || c->extend < 1 ||
        c->seed < 1 || c->seed > 15 || c->drop < 0 || c->last_drop < 0 || c->most < 1 ||
        drop + c->open + BAND * (int64_t)c->extend > MOST_LOST) {
        refuse("the scoring scheme is out of range");
        return -1;
    }
    if ((c->match + 1) * length > INT32_MAX) {
        refuse("the query is too long");
        return -1;
    }
    return 0;
}

/* ----------------------------------------------------------------------------------------------------- without gaps */
static void fill_eights(Eights *table, const Scheme *c) {
    for (int wrong = 0; wrong < 256; wrong++) {
        int score = 0, best = 0, length = 0;
        for (int i = 0; i < 8; i++) {
            score += wrong >> i & 1 ? c->mismatch : c->match;
            if (score > best) best = score, length = i + 1;
        }
        table->all[wrong] = (int16_t)score, table->best[wrong] = (int16_t)best, table->length[wrong] = (uint8_t)length;
    }
}

/* Keep every other bit: one a letter, the lowest first. */
INLINE uint32_t every_other(uint64_t x) {
    x &= 0x5555555555555555u;
    x = (x | x >> 1) & 0x3333333333333333u;
    x = (x | x >> 2) & 0x0F0F0F0F0F0F0F0Fu;
    x = (x | x >> 4) & 0x00FF00FF00FF00FFu;
    x = (x | x >> 8) & 0x0000FFFF0000FFFFu;
    return (uint32_t)(x | x >> 16);
}

INLINE uint64_t turned(uint64_t x) { /* letters in the other order */
    x = (x & 0x3333333333333333u) << 2 | (x >> 2 & 0x3333333333333333u);
    x = (x & 0x0F0F0F0F0F0F0F0Fu) << 4 | (x >> 4 & 0x0F0F0F0F0F0F0F0Fu);
    return __builtin_bswap64(x);
}

/* Extend a pair of positions without gaps to one side, over at most `n` letters, and set the best length; every eight
 * letters it is looked whether to go on. */
static int64_t grow_ungapped(const Hunt *h, const Origin *from, int64_t n, int64_t *length) {
    const uint8_t *query = h->q.packed[from->strand], *target = h->t.packed;
    int64_t score = 0, best = 0;
    *length = 0;
    for (int64_t done = 0; done < n; done += CHUNK) {
        const int take = n - done < CHUNK ? (int)(n - done) : CHUNK;
        const int64_t at = from->left ? -done - take : done;
        uint64_t x = letters_at(query, h->q.bytes, from->q + at) ^ letters_at(target, h->t.bytes, from->t + at);
        if (from->left) x = turned(x) >> (64 - 2 * take);
        uint32_t wrong = every_other(x | x >> 1);
        if (take < CHUNK) wrong |= ~(uint32_t)0 << take; /* what is beyond never adds to the best */
        for (int within = 0; within < take; within += 8, wrong >>= 8) {
            const int eight = wrong & 255;
            if (score + h->eights.best[eight] > best)
                best = score + h->eights.best[eight], *length = done + within + h->eights.length[eight];
            score += h->eights.all[eight];
            if (best - score > h->c.ungapped_drop) return best;
        }
    }
    return best;
}

/* -------------------------------------------------------------------------------------------------- from anchors on */
/* Which bases a letter stands for, by its code: those of alphabet.py. */
static const uint8_t BASES[15] = {1, 2, 4, 8, 5, 10, 6, 9, 12, 3, 14, 13, 11, 7, 15};

/* Say whether the target holds a copy of a query with ambiguous letters: each of its letters allows the target's. */
static int is_copy(const Hunt *h, int strand, int64_t at) {
    const Target *t = &h->t;
    if (at < 0 || at + h->q.length > t->length) return 0;
    int64_t run = run_behind(t, at);
    for (int64_t i = 0; i < h->q.length; i++) {
        const int64_t here = at + i;
        uint32_t code = t->packed[here >> 2] >> 2 * (here & 3) & 3, asked = h->q.codes[strand][i];
        while (run < t->n_runs && run_end(t, run) <= here) run++;
        if (run < t->n_runs && run_start(t, run) <= here) code = u32_at(t->runs + 12 * run + 8);
        if (code > 14 || asked > 14 || BASES[code] & ~BASES[asked]) return 0;
    }
    return 1;
}

static int push_hsp(Hunt *h, const Hsp *hsp) {
    if (h->n_hsps == h->room_hsps) {
        const int64_t room = h->room_hsps ? 2 * h->room_hsps : 64;
        Hsp *more = realloc(h->hsps, (size_t)room * sizeof(Hsp));
        if (!more) return NO_MEMORY;
        h->hsps = more, h->room_hsps = room;
    }
    h->hsps[h->n_hsps++] = *hsp;
    return 0;
}

static int push_start(Hunt *h, const Start *start) {
    if (h->n_starts == h->room_starts) {
        const int64_t room = h->room_starts ? 2 * h->room_starts : 256;
        Start *more = realloc(h->starts, (size_t)room * sizeof(Start));
        if (!more) return NO_MEMORY;
        h->starts = more, h->room_starts = room;
    }
    h->starts[h->n_starts++] = *start;
    return 0;
}

/* Note a whole copy, once; each letter that is not ambiguous counts as a match. */
static int note_copy(Hunt *h, int strand, int64_t at) {
    for (int64_t i = h->first; i < h->n_hsps; i++)
        if (h->hsps[i].t_start == at && h->hsps[i].strand == strand) return 0;
    const int64_t n = h->q.length;
    Hsp copy = {0, n, at, at + n, n / 2, at + n / 2, h->item, strand, 0, (int32_t)n, (int32_t)n, 1};
    for (int64_t i = 0; i < n; i++) copy.score += h->q.codes[strand][i] < 4 ? h->c.match : 0;
    return push_hsp(h, &copy);
}

/* Extend one seed without gaps, note what is good enough to go on with, and say what is covered. */
static int try_seed(Hunt *h, int strand, int64_t q, int64_t t, Covered *covered) {
    const int64_t rest_q = h->q.length - q, rest_t = h->t.length - t;
    const Origin right = {q, t, strand, 0}, left = {q, t, strand, 1};
    int64_t ahead, back, score = grow_ungapped(h, &right, rest_q < rest_t ? rest_q : rest_t, &ahead);
    score += grow_ungapped(h, &left, q < t ? q : t, &back);
    *covered = (Covered){t - q, t - back, t + ahead, strand};
    if (h->q.breaks && is_copy(h, strand, t - q) && note_copy(h, strand, t - q) < 0) return NO_MEMORY;
    const Start start = {q - back, t - back, ahead + back, strand, (int32_t)score};
    return score < h->c.trigger ? 0 : push_start(h, &start);
}

INLINE int is_covered(const Covered *recent, int strand, int64_t diagonal, int64_t t) {
    int covered = 0;
    for (int i = 0; i < RECENT; i++)
        covered |= recent[i].strand == strand && recent[i].diagonal == diagonal && recent[i].from <= t &&
                   t < recent[i].to;
    return covered;
}

/* Look where the seeds of the item at hand are exactly, and extend those that no recent extension covers. */
static int try_anchors(Hunt *h, const Anchored *anchors, int64_t from, int64_t to) {
    const int seed = h->c.seed;
    const int64_t last = h->t.length - seed, bytes = h->t.bytes;
    const uint8_t *packed = h->t.packed;
    const uint64_t mask = ((uint64_t)1 << 2 * seed) - 1;
    Covered recent[RECENT];
    int slot = 0;
    for (int i = 0; i < RECENT; i++) recent[i] = (Covered){0, 0, 0, -1};
    for (int64_t n = from; n < to; n++) {
        if (n + AHEAD < to && anchors->targets[n + AHEAD] >= 0) PREFETCH(packed + (anchors->targets[n + AHEAD] >> 2));
        const int strand = anchors->flags[n] != 0;
        const int64_t q = strand ? h->q.length - seed - (int64_t)anchors->queries[n] : (int64_t)anchors->queries[n];
        const uint64_t wanted = letters_at(h->q.packed[strand], h->q.bytes, q) & mask;
        const int64_t end = anchors->targets[n] + ROUNDED - 1 < last ? anchors->targets[n] + ROUNDED - 1 : last;
        int64_t t = anchors->targets[n] > 0 ? anchors->targets[n] : 0;
        uint64_t here = letters_at(packed, bytes, t);
        for (; t <= end; t++, here >>= 2) {
            if ((here & mask) != wanted || is_covered(recent, strand, t - q, t)) continue;
            if (try_seed(h, strand, q, t, &recent[slot]) < 0) return NO_MEMORY;
            slot = (slot + 1) % RECENT;
        }
    }
    return 0;
}

/* -------------------------------------------------------------------------------------------------------- with gaps */
static int by_score(const void *left, const void *right) {
    const Start *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    if (a->strand != b->strand) return a->strand < b->strand ? -1 : 1;
    if (a->t != b->t) return a->t < b->t ? -1 : 1;
    if (a->q != b->q) return a->q < b->q ? -1 : 1;
    return a->length < b->length ? -1 : a->length > b->length;
}

static int by_rank(const void *left, const void *right) {
    const Hsp *a = left, *b = right;
    if (a->whole != b->whole) return a->whole > b->whole ? -1 : 1;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    if (a->t_start != b->t_start) return a->t_start < b->t_start ? -1 : 1;
    if (a->strand != b->strand) return a->strand < b->strand ? -1 : 1;
    return a->q_start < b->q_start ? -1 : a->q_start > b->q_start;
}

/* Say whether `b` begins or ends where `a` does, or lies inside, and scores no better. */
static int stands_for(const Hsp *a, const Hsp *b) {
    if (a->strand != b->strand || a->score < b->score) return 0;
    return (a->q_start == b->q_start && a->t_start == b->t_start) || (a->q_end == b->q_end && a->t_end == b->t_end) ||
           (a->q_start <= b->q_start && b->q_end <= a->q_end && a->t_start <= b->t_start && b->t_end <= a->t_end);
}

/* Keep an alignment unless one that is kept stands for it; let go of those that it stands for (never of a whole copy:
 * nothing scores higher). */
static int note_hsp(Hunt *h, const Hsp *hsp) {
    for (int64_t i = h->first; i < h->n_hsps; i++)
        if (stands_for(&h->hsps[i], hsp)) return 0;
    int64_t kept = h->first;
    for (int64_t i = h->first; i < h->n_hsps; i++)
        if (!stands_for(hsp, &h->hsps[i])) h->hsps[kept++] = h->hsps[i];
    h->n_hsps = kept;
    return push_hsp(h, hsp);
}

/* Say whether a start lies in an alignment, near the diagonals of its ends. */
static int is_known(const Start *a, const Hsp *h) {
    if (a->strand != h->strand || a->q < h->q_start || a->q + a->length > h->q_end || a->t < h->t_start ||
        a->t + a->length > h->t_end)
        return 0;
    const int64_t d = a->t - a->q, first = h->t_start - h->q_start, last = h->t_end - h->q_end;
    const int64_t low = first < last ? first : last, high = first < last ? last : first;
    return d >= low - BAND / 2 && d <= high + BAND / 2;
}

/* Return the middle of the longest run of equal letters, through which the best alignment goes most likely. */
static int64_t middle_of_run(const Hunt *h, const Start *a) {
    const Target *t = &h->t;
    int64_t best = 0, end = 0, same = 0, run = run_behind(t, a->t);
    for (int64_t i = 0; i < a->length; i++) {
        const int64_t here = a->t + i;
        while (run < t->n_runs && run_end(t, run) <= here) run++;
        const int unknown = run < t->n_runs && run_start(t, run) <= here;
        const int letter = t->packed[here >> 2] >> 2 * (here & 3) & 3;
        same = !unknown && h->q.codes[a->strand][a->q + i] == letter ? same + 1 : 0;
        if (same > best) best = same, end = i + 1;
    }
    return end - best / 2;
}

/* Grow one start, unless it is known, and keep what reaches the cutoff, or is a whole copy. */
static int grow_start(Hunt *h, const Start *a) {
    const Scheme *c = &h->c;
    for (int64_t i = h->first; i < h->n_hsps; i++)
        if (is_known(a, &h->hsps[i])) return 0;
    Hsp hsp = {0};
    const int64_t middle = middle_of_run(h, a);
    hsp.item = h->item, hsp.strand = a->strand, hsp.q_at = a->q + middle, hsp.t_at = a->t + middle;
    if (a->length != h->q.length || a->score != c->match * h->q.length) {
        Reach left, right;
        const Origin back = {hsp.q_at, hsp.t_at, a->strand, 1}, on = {hsp.q_at, hsp.t_at, a->strand, 0};
        if (reach_out(&h->q, &h->t, &back, c, c->drop, 0, &h->w, &left) < 0 ||
            reach_out(&h->q, &h->t, &on, c, c->drop, 0, &h->w, &right) < 0)
            return NO_MEMORY;
        if (left.score + right.score < c->cutoff - (int64_t)c->match * SLACK) return 0;
    }
    const int state = align_through(&h->q, &h->t, c, &h->w, &hsp);
    if (state < 0) return state;
    hsp.whole = hsp.matches == h->q.length && hsp.columns == h->q.length;
    return hsp.score < c->cutoff && !hsp.whole ? 0 : note_hsp(h, &hsp);
}

/* Find the alignments of the item at hand. */
static int search_item(Hunt *h, const Anchored *anchors, int64_t from, int64_t to) {
    h->first = h->n_hsps, h->n_starts = 0;
    int state = try_anchors(h, anchors, from, to);
    if (h->n_starts > 1) qsort(h->starts, (size_t)h->n_starts, sizeof(Start), by_score);
    for (int64_t i = 0; state == 0 && i < h->n_starts && h->n_hsps - h->first < h->c.most; i++)
        state = grow_start(h, &h->starts[i]);
    if (h->n_hsps - h->first > 1) qsort(h->hsps + h->first, (size_t)(h->n_hsps - h->first), sizeof(Hsp), by_rank);
    return state;
}

/* Say whether anchors fit their query and items; positions of sequences have 32 bits. */
static int anchors_fit(const Hunt *h, const Anchored *a, int64_t items) {
    for (int64_t i = 0; i < a->n; i++)
        if (a->items[i] >= items || (i && a->items[i] < a->items[i - 1]) ||
            (int64_t)a->queries[i] + h->c.seed > h->q.length || a->targets[i] <= -ROUNDED || a->targets[i] > UINT32_MAX)
            return 0;
    return 1;
}

/* ------------------------------------------------------------------------------------------------------- for Python */
/* Open payloads until one cannot be, which sets *state; return how many buffers are held. */
static Py_ssize_t open_payloads(PyObject *payloads, Py_ssize_t n, Py_buffer *views, Target *targets, int *state) {
    for (Py_ssize_t i = 0; i < n; i++) {
        if (PyObject_GetBuffer(PyList_GET_ITEM(payloads, i), &views[i], PyBUF_SIMPLE) < 0) return *state = -1, i;
        if (open_letters(&views[i], &targets[i]) < 0) {
            refuse("a payload is damaged");
            return *state = -1, i + 1;
        }
    }
    return n;
}

static int search_items(Hunt *h, const Target *targets, const Anchored *anchors) {
    int state = 0;
    for (int64_t from = 0, to; state == 0 && from < anchors->n; from = to) {
        const uint32_t item = anchors->items[from];
        for (to = from + 1; to < anchors->n && anchors->items[to] == item; to++) {}
        h->item = (int32_t)item, h->t = targets[item];
        state = search_item(h, anchors, from, to);
    }
    return state;
}

static PyObject *find_hsps(PyObject *self, PyObject *args) {
    PyObject *settings, *payloads, *result = NULL;
    Py_buffer b[5] = {{0}};
    if (!PyArg_ParseTuple(args, "Oy*O!y*y*y*y*", &settings, &b[0], &PyList_Type, &payloads, &b[1], &b[2], &b[3], &b[4]))
        return release(b, 5), NULL;
    Hunt h = {0};
    const Anchored anchors = {b[1].buf, b[3].buf, b[2].buf, b[4].buf, b[2].len};
    const Py_ssize_t items = PyList_GET_SIZE(payloads);
    Py_buffer *views = calloc((size_t)items + 1, sizeof(Py_buffer));
    Target *targets = calloc((size_t)items + 1, sizeof(Target));
    Py_ssize_t opened = 0;
    int state = 0;
    if (!views || !targets || open_query(&h.q, b[0].buf, b[0].len) < 0) {
        PyErr_NoMemory();
        goto done;
    }
    if (read_scheme(settings, h.q.length, &h.c) < 0) goto done;
    opened = open_payloads(payloads, items, views, targets, &state);
    if (state < 0) goto done;
    if (b[1].len != 4 * b[2].len || b[3].len != 4 * b[2].len || b[4].len != 8 * b[2].len ||
        !anchors_fit(&h, &anchors, items)) {
        refuse("anchors do not fit their query or items");
        goto done;
    }
    fill_eights(&h.eights, &h.c);
    Py_BEGIN_ALLOW_THREADS
    state = search_items(&h, targets, &anchors);
    Py_END_ALLOW_THREADS
    if (state == NO_MEMORY) PyErr_NoMemory();
    else if (state < 0) refuse("an alignment left its band");
    else result = PyBytes_FromStringAndSize((const char *)h.hsps, h.n_hsps * (Py_ssize_t)sizeof(Hsp));
done:
    release(views, (int)opened);
    free(views), free(targets), free(h.starts), free(h.hsps);
    leave_bench(&h.w);
    close_query(&h.q);
    release(b, 5);
    return result;
}

static PyObject *trace_hsp(PyObject *self, PyObject *args) {
    PyObject *settings, *result = NULL;
    Py_buffer b[2] = {{0}};
    Hsp h = {0};
    Scheme c;
    Query q = {0};
    Target t;
    Bench w = {0};
    long long q_at, t_at;
    int state = 0;
    if (!PyArg_ParseTuple(args, "Oy*y*iLL", &settings, &b[0], &b[1], &h.strand, &q_at, &t_at))
        return release(b, 2), NULL;
    h.q_at = q_at, h.t_at = t_at;
    if (open_query(&q, b[0].buf, b[0].len) < 0) {
        PyErr_NoMemory();
        goto done;
    }
    if (read_scheme(settings, q.length, &c) < 0) goto done;
    if (open_letters(&b[1], &t) < 0 || q_at < 0 || t_at < 0 || q_at > q.length || t_at > t.length || h.strand < 0 ||
        h.strand > 1) {
        refuse("the pair lies outside of its sequences, or a payload is damaged");
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    state = align_through(&q, &t, &c, &w, &h);
    Py_END_ALLOW_THREADS
    if (state == NO_MEMORY) PyErr_NoMemory();
    else if (state < 0) refuse("an alignment left its band");
    else result = Py_BuildValue("LLLLiy#", (long long)h.q_start, (long long)h.q_end, (long long)h.t_start,
                                (long long)h.t_end, h.score, w.ops ? (const char *)w.ops : "", (Py_ssize_t)w.n_ops);
done:
    leave_bench(&w);
    close_query(&q);
    release(b, 2);
    return result;
}
