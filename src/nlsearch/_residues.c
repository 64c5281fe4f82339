/* The kernels of protein sequences, a part of _kernels.c: ungapped and gapped local scores, and one alignment.
 * nlsearch/kernels/residues.py says what each computes.  Bytes that are no code score like FOREIGN beside all. */
#define CODES 27
#define PADDED 32 /* a row of scores */
#define FOREIGN (-128)
#define LANES 16 /* targets scored at once */
#define DEEP 8   /* target residues a pass of the ungapped kernel */
#define ZERO 128 /* how that holds 0: all of its sums fit into unsigned bytes */
#define MOST16 32000
#define BLOCK_CELLS (1 << 24)

typedef struct {
    const uint8_t *codes;
    Py_ssize_t n;
} Residues;

typedef struct {
    Py_buffer *buffers;
    Residues *items;
    Py_ssize_t n;
} Held;

static void let_go(Held *held) {
    release(held->buffers, (int)(held->buffers ? held->n : 0));
    free(held->buffers), free(held->items);
}

/* Hold the records of a list: the number of residues stands at `length_at`, they begin at `offset`. */
static int hold_records(Held *held, PyObject *list, Py_ssize_t offset, Py_ssize_t length_at) {
    Py_ssize_t n = PyList_GET_SIZE(list);
    held->n = n;
    held->buffers = calloc((size_t)n + 1, sizeof(Py_buffer));
    held->items = calloc((size_t)n + 1, sizeof(Residues));
    if (!held->buffers || !held->items) return PyErr_NoMemory(), 0;
    if (n > INT32_MAX || offset < 0 || length_at < 0) return refuse("too many records, or an offset below 0"), 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_buffer *b = &held->buffers[i];
        uint32_t length;
        if (PyObject_GetBuffer(PyList_GET_ITEM(list, i), b, PyBUF_SIMPLE) < 0) return 0;
        if (b->len < offset || b->len < 4 || length_at > b->len - 4) return refuse("not a record of residues"), 0;
        memcpy(&length, (const uint8_t *)b->buf + length_at, 4);
        if ((Py_ssize_t)length > b->len - offset) return refuse("not a record of residues"), 0;
        held->items[i].codes = (const uint8_t *)b->buf + offset;
        held->items[i].n = length;
    }
    return 1;
}

static int is_scheme(const Py_buffer *matrix, const Py_buffer *query) {
    const uint8_t *codes = query->buf;
    if (matrix->len != CODES * CODES) return refuse("a matrix has 27 rows of 27 scores"), 0;
    for (Py_ssize_t i = 0; i < query->len; i++)
        if (codes[i] >= CODES) return refuse("a byte of the query is no code"), 0;
    if (query->len > INT32_MAX / 8) return refuse("the query is too long"), 0;
    return 1;
}

INLINE uint8_t row_of(uint8_t code) { return code < CODES ? code : CODES; }

/* --------------------------------------------------------------------------------------------------- without gaps */
typedef struct {
    int8_t *profile; /* CODES + 1 rows: scores of the query's residues, DEEP foreign ones before and some behind */
    uint8_t *from, *to;
    Py_ssize_t stride, width;
    int most; /* ZERO + cap */
} Ungapped;

/* Score DEEP target residues: along each diagonal, from the states before them to those behind, DEEP further on.
 * Capping every other step is enough: two scores of a matrix fit above the cap. */
CLONED static int deep_pass(const uint8_t *restrict from, uint8_t *restrict to, const int8_t *const *rows,
                            Py_ssize_t width, int most) {
    const int8_t *restrict r0 = rows[0], *restrict r1 = rows[1] + 1, *restrict r2 = rows[2] + 2;
    const int8_t *restrict r3 = rows[3] + 3, *restrict r4 = rows[4] + 4, *restrict r5 = rows[5] + 5;
    const int8_t *restrict r6 = rows[6] + 6, *restrict r7 = rows[7] + 7;
    const uint8_t high = (uint8_t)most;
    uint8_t top = ZERO;
#define STEP(row) x = (uint8_t)(x + (uint8_t)row[i]), x = x < ZERO ? ZERO : x, top = x > top ? x : top
#define CAPPED x = x > high ? high : x
    for (Py_ssize_t i = 0; i < width; i++) {
        uint8_t x = from[i];
        STEP(r0), STEP(r1), CAPPED, STEP(r2), STEP(r3), CAPPED, STEP(r4), STEP(r5), CAPPED, STEP(r6), STEP(r7), CAPPED;
        to[i] = x;
    }
#undef STEP
#undef CAPPED
    return top;
}

static int prepare_ungapped(Ungapped *u, const int8_t *matrix, const uint8_t *query, Py_ssize_t m, int cap) {
    u->width = (m + DEEP + 63) / 64 * 64;
    u->stride = u->width + 2 * DEEP;
    u->most = ZERO + cap;
    u->profile = malloc((size_t)((CODES + 1) * u->stride));
    u->from = malloc((size_t)u->stride), u->to = malloc((size_t)u->stride);
    if (!u->profile || !u->from || !u->to) return PyErr_NoMemory(), 0;
    memset(u->profile, FOREIGN, (size_t)((CODES + 1) * u->stride));
    for (int code = 0; code < CODES; code++)
        for (Py_ssize_t i = 0; i < m; i++) u->profile[code * u->stride + DEEP + i] = matrix[query[i] * CODES + code];
    return 1;
}

static int best_ungapped(Ungapped *u, const Residues *target) {
    memset(u->from, ZERO, (size_t)u->stride), memset(u->to, ZERO, (size_t)u->stride);
    int top = ZERO;
    for (Py_ssize_t at = 0; at < target->n && top < u->most; at += DEEP) {
        const int8_t *rows[DEEP];
        for (int k = 0; k < DEEP; k++)
            rows[k] = u->profile + (at + k < target->n ? row_of(target->codes[at + k]) : CODES) * u->stride;
        int found = deep_pass(u->from, u->to + DEEP, rows, u->width, u->most);
        if (found > top) top = found;
        uint8_t *swap = u->from;
        u->from = u->to, u->to = swap;
    }
    return (top < u->most ? top : u->most) - ZERO;
}

/* score_ungapped(matrix, query, cap, records, offset, length_at, out): the best ungapped local scores, clipped. */
static PyObject *score_ungapped(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    PyObject *list;
    Py_ssize_t offset, length_at;
    int cap, highest = 0;
    if (!PyArg_ParseTuple(args, "y*y*iO!nnw*", &b[0], &b[1], &cap, &PyList_Type, &list, &offset, &length_at, &b[2]))
        return release(b, 3), NULL;
    Held held = {0};
    Ungapped u = {0};
    const int8_t *matrix = b[0].buf;
    if (is_scheme(&b[0], &b[1]) && hold_records(&held, list, offset, length_at)) {
        for (Py_ssize_t i = 0; i < b[0].len; i++) highest = matrix[i] > highest ? matrix[i] : highest;
        if (cap < 1 || cap + 2 * highest > 127) refuse("the cap and two scores of the matrix exceed 127");
        else if (b[2].len != held.n) refuse("records and scores do not fit");
        else if (prepare_ungapped(&u, matrix, b[1].buf, b[1].len, cap)) {
            uint8_t *out = b[2].buf;
            Py_BEGIN_ALLOW_THREADS
            for (Py_ssize_t i = 0; i < held.n; i++) out[i] = (uint8_t)best_ungapped(&u, &held.items[i]);
            Py_END_ALLOW_THREADS
        }
    }
    free(u.profile), free(u.from), free(u.to);
    let_go(&held);
    release(b, 3);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------- with gaps, several targets at once */
/* What is kept of a cell, LANES numbers each: the best score of an alignment that ends there, with two residues or
 * with a gap in the query, and when carrying, matches, columns and start in the query of both alignments. */
enum { ENDS, GAPPED, PLAIN_PARTS, ENDS_M = PLAIN_PARTS, ENDS_C, ENDS_S, GAPPED_M, GAPPED_C, GAPPED_S, ALL_PARTS };

typedef struct {
    const uint8_t *query;
    Py_ssize_t m;
    int open, extend;              /* what the first column of a gap costs, and each further one */
    int16_t scores[CODES + 1][PADDED]; /* by target code, then query code; twice, plus 1 for the same, when carrying */
    uint8_t used[CODES];           /* codes in the query */
    int kinds;
    Py_ssize_t parts;              /* kept of a cell */
    int16_t *cells;                /* of one column: m × parts × LANES */
    int16_t profile[CODES * LANES], top[LANES];
    const uint8_t *at[LANES]; /* next residue */
    Py_ssize_t left[LANES], item[LANES];
} Lanes;

INLINE void build_profile(Lanes *s) {
    for (int l = 0; l < LANES; l++) {
        const int16_t *row = s->scores[s->left[l] ? row_of(*s->at[l]) : CODES];
        for (int k = 0; k < s->kinds; k++) s->profile[s->used[k] * LANES + l] = row[s->used[k]];
        s->at[l] += s->left[l] > 0;
    }
}

#define MASK(condition) ((int16_t) - (condition))
#define PICK(mask, a, b) ((int16_t)(((a) & (mask)) | ((b) & ~(mask))))
#define EACH_LANE for (int l = 0; l < LANES; l++)

/* Score so many residues of each target; `top` holds the best score of each lane so far. */
CLONED static void plain_columns(Lanes *s, Py_ssize_t count) {
    const int16_t open = (int16_t)s->open, extend = (int16_t)s->extend;
    const Py_ssize_t m = s->m;
    const uint8_t *query = s->query;
    int16_t top[LANES];
    memcpy(top, s->top, sizeof top);
    for (; count > 0; count--) {
        build_profile(s);
        int16_t up[LANES], f[LANES];
        EACH_LANE up[l] = 0, f[l] = (int16_t)-open;
        for (Py_ssize_t i = 0; i < m; i++) {
            const int16_t *restrict row = s->profile + query[i] * LANES;
            int16_t *restrict h = s->cells + i * PLAIN_PARTS * LANES, *restrict e = h + GAPPED * LANES;
            EACH_LANE {
                int16_t x = (int16_t)(up[l] + row[l]);
                x = x > e[l] ? x : e[l];
                x = x > 0 ? x : 0;
                int16_t fresh = (int16_t)(x - open), on = (int16_t)(f[l] - extend); /* opening a gap behind a gap never pays */
                x = x > f[l] ? x : f[l];
                f[l] = fresh > on ? fresh : on;
                top[l] = x > top[l] ? x : top[l];
                int16_t opened = (int16_t)(x - open), further = (int16_t)(e[l] - extend);
                up[l] = h[l];
                h[l] = x;
                e[l] = opened > further ? opened : further;
            }
        }
        for (int l = 0; l < LANES; l++) s->left[l] -= s->left[l] > 0;
    }
    memcpy(s->top, top, sizeof top);
}

/* Score one residue of each target, and carry along what the best alignments that end in each cell are made of. */
CLONED static void carrying_column(Lanes *s) {
    const int16_t open = (int16_t)s->open, extend = (int16_t)s->extend;
    const Py_ssize_t m = s->m;
    const uint8_t *query = s->query;
    build_profile(s);
    int16_t up[LANES], um[LANES], uc[LANES], us[LANES], f[LANES], fm[LANES], fc[LANES], fs[LANES], top[LANES];
    EACH_LANE up[l] = um[l] = uc[l] = us[l] = fm[l] = fc[l] = fs[l] = top[l] = 0, f[l] = (int16_t)-open;
    for (Py_ssize_t i = 0; i < m; i++) {
        const int16_t *restrict row = s->profile + query[i] * LANES;
        const int16_t next = (int16_t)(i + 1);
        int16_t *restrict h = s->cells + i * ALL_PARTS * LANES;
        int16_t *e = h + GAPPED * LANES, *hm = h + ENDS_M * LANES, *hc = h + ENDS_C * LANES, *hs = h + ENDS_S * LANES;
        int16_t *em = h + GAPPED_M * LANES, *ec = h + GAPPED_C * LANES, *es = h + GAPPED_S * LANES;
        EACH_LANE {
            int16_t x = (int16_t)(up[l] + (row[l] >> 1)), xm = (int16_t)(um[l] + (row[l] & 1));
            int16_t xc = (int16_t)(uc[l] + 1), xs = us[l], own = e[l], inner = f[l];
            int16_t other = MASK(own > x);
            x = PICK(other, own, x), xm = PICK(other, em[l], xm), xc = PICK(other, ec[l], xc), xs = PICK(other, es[l], xs);
            other = MASK(inner > x);
            x = PICK(other, inner, x), xm = PICK(other, fm[l], xm), xc = PICK(other, fc[l], xc);
            xs = PICK(other, fs[l], xs);
            other = MASK(x > 0);
            x &= other, xm &= other, xc &= other, xs = PICK(other, xs, next);
            top[l] = x > top[l] ? x : top[l];
            up[l] = h[l], um[l] = hm[l], uc[l] = hc[l], us[l] = hs[l];
            h[l] = x, hm[l] = xm, hc[l] = xc, hs[l] = xs;
            int16_t opened = (int16_t)(x - open), further = (int16_t)(own - extend), on = (int16_t)(inner - extend);
            other = MASK(further > opened);
            e[l] = PICK(other, further, opened), em[l] = PICK(other, em[l], xm), es[l] = PICK(other, es[l], xs);
            ec[l] = (int16_t)(PICK(other, ec[l], xc) + 1);
            other = MASK(on > opened);
            f[l] = PICK(other, on, opened), fm[l] = PICK(other, fm[l], xm), fs[l] = PICK(other, fs[l], xs);
            fc[l] = (int16_t)(PICK(other, fc[l], xc) + 1);
        }
    }
    memcpy(s->top, top, sizeof top);
    for (int l = 0; l < LANES; l++) s->left[l] -= s->left[l] > 0;
}

static int prepare_lanes(Lanes *s, const int8_t *matrix, const Py_buffer *query, int open, int extend, int carrying) {
    memset(s, 0, sizeof *s);
    s->query = query->buf, s->m = query->len, s->open = open, s->extend = extend;
    uint8_t seen[CODES] = {0};
    for (Py_ssize_t i = 0; i < s->m; i++) seen[s->query[i]] = 1;
    for (int code = 0; code < CODES; code++)
        if (seen[code]) s->used[s->kinds++] = (uint8_t)code;
    for (int target = 0; target <= CODES; target++)
        for (int code = 0; code < CODES; code++) {
            int score = target < CODES ? matrix[code * CODES + target] : FOREIGN;
            s->scores[target][code] = (int16_t)(carrying ? 2 * score + (code == target) : score);
        }
    s->parts = carrying ? ALL_PARTS : PLAIN_PARTS;
    s->cells = malloc((size_t)(s->m * s->parts * LANES) * sizeof(int16_t) + 2);
    if (!s->cells) return PyErr_NoMemory(), 0;
    return 1;
}

/* Put the next target on a lane; nothing if `item` is NULL. */
static void load_lane(Lanes *s, int lane, const Residues *item, Py_ssize_t number) {
    s->at[lane] = item ? item->codes : NULL;
    s->left[lane] = item ? item->n : 0;
    s->item[lane] = item ? number : -1;
    s->top[lane] = 0;
    for (Py_ssize_t i = 0; i < s->m; i++) {
        int16_t *cell = s->cells + i * s->parts * LANES + lane;
        for (Py_ssize_t part = 0; part < s->parts; part++) cell[part * LANES] = 0;
        cell[GAPPED * LANES] = (int16_t)-s->open;
        if (s->parts == ALL_PARTS) cell[ENDS_S * LANES] = (int16_t)(i + 1);
    }
}

typedef struct {
    Py_ssize_t length, number;
} Sized;

static int longest_first(const void *a, const void *b) {
    const Sized *x = a, *y = b;
    if (x->length != y->length) return x->length > y->length ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static Py_ssize_t least_left(const Lanes *s) {
    Py_ssize_t least = 0;
    for (int l = 0; l < LANES; l++)
        if (s->left[l] && (!least || s->left[l] < least)) least = s->left[l];
    return least;
}

/* Score the targets in the order given, each as soon as a lane is free. */
static void score_in_lanes(Lanes *s, const Held *held, const Sized *order, Py_ssize_t n, int32_t *out) {
    Py_ssize_t next = 0;
    for (int l = 0; l < LANES; l++) load_lane(s, l, NULL, -1);
    for (;;) {
        for (int l = 0; l < LANES; l++) {
            if (s->left[l]) continue;
            if (s->item[l] >= 0) out[s->item[l]] = s->top[l];
            if (next < n) load_lane(s, l, &held->items[order[next].number], order[next].number), next++;
            else s->item[l] = -1;
        }
        Py_ssize_t count = least_left(s);
        if (!count) return;
        plain_columns(s, count);
    }
}

static void note_place(const Lanes *s, int lane, int32_t goal, const Residues *item, int32_t *place) {
    Py_ssize_t i = 0;
    const int16_t *cell = s->cells + lane;
    while (*cell != goal) cell += s->parts * LANES, i++;
    place[0] = cell[ENDS_S * LANES], place[1] = (int32_t)(i + 1);
    place[2] = (int32_t)(item->n - s->left[lane]);
    place[3] = cell[ENDS_M * LANES], place[4] = cell[ENDS_C * LANES];
}

/* Find where each target has its best score, given as `goals`, first; it is left as soon as that is reached. */
static void place_in_lanes(Lanes *s, const Held *held, const Sized *order, Py_ssize_t n, const int32_t *goals,
                           int32_t *out) {
    Py_ssize_t next = 0;
    for (int l = 0; l < LANES; l++) load_lane(s, l, NULL, -1);
    for (;;) {
        for (int l = 0; l < LANES; l++) {
            if (s->left[l]) continue;
            s->item[l] = -1;
            if (next < n) load_lane(s, l, &held->items[order[next].number], order[next].number), next++;
        }
        if (!least_left(s)) return;
        carrying_column(s);
        for (int l = 0; l < LANES; l++) {
            Py_ssize_t item = s->item[l];
            if (item < 0 || s->top[l] != goals[item]) continue;
            note_place(s, l, goals[item], &held->items[item], out + 5 * item);
            s->left[l] = 0;
        }
    }
}

static int are_costs(int open, int extend) {
    if (open < 0 || extend < 1 || open > 1000 || extend > 1000)
        return refuse("a gap costs 0 to 1000 to open and 1 to 1000 a column"), 0;
    return 1;
}

/* score_gapped(matrix, query, open, extend, records, offset, length_at, goals or None, out).  Without goals: the best
 * scores, -1 where they exceed 16 bits.  With them: five numbers each, left as they are where that is not possible. */
static PyObject *score_gapped(PyObject *self, PyObject *args) {
    Py_buffer b[4] = {{0}};
    PyObject *list;
    Py_ssize_t offset, length_at, n = 0;
    int open, extend;
    if (!PyArg_ParseTuple(args, "y*y*iiO!nnz*w*", &b[0], &b[1], &open, &extend, &PyList_Type, &list, &offset,
                          &length_at, &b[2], &b[3]))
        return release(b, 4), NULL;
    Held held = {0};
    Lanes *lanes = malloc(sizeof *lanes);
    Sized *order = NULL;
    const int32_t *goals = b[2].buf;
    if (lanes) lanes->cells = NULL;
    if (!lanes) PyErr_NoMemory();
    else if (is_scheme(&b[0], &b[1]) && are_costs(open, extend) && hold_records(&held, list, offset, length_at)) {
        if (b[3].len / 4 != held.n * (goals ? 5 : 1) || (goals && b[2].len / 4 != held.n))
            refuse("records and scores do not fit");
        else if (!(order = malloc((size_t)(held.n + 1) * sizeof *order))) PyErr_NoMemory();
        else if (prepare_lanes(lanes, b[0].buf, &b[1], open + extend, extend, goals != NULL)) {
            int32_t *out = b[3].buf;
            for (Py_ssize_t i = 0; i < held.n; i++) {
                Py_ssize_t both = held.items[i].n + b[1].len;
                if (goals && (goals[i] < 1 || goals[i] > MOST16 || both > MOST16)) continue;
                order[n].length = held.items[i].n, order[n++].number = i;
            }
            Py_BEGIN_ALLOW_THREADS
            qsort(order, (size_t)n, sizeof *order, longest_first);
            if (goals) place_in_lanes(lanes, &held, order, n, goals, out);
            else {
                memset(out, 0, (size_t)held.n * 4);
                score_in_lanes(lanes, &held, order, n, out);
                for (Py_ssize_t i = 0; i < held.n; i++)
                    if (out[i] > MOST16) out[i] = -1;
            }
            Py_END_ALLOW_THREADS
        }
    }
    if (lanes) free(lanes->cells);
    free(lanes), free(order);
    let_go(&held);
    release(b, 4);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------------------- one alignment */
enum { STOP, BOTH, ONLY_TARGET, ONLY_QUERY, TARGET_ON = 4, QUERY_ON = 8 }; /* gaps that go on in the next cell */

typedef struct {
    const int8_t *matrix;
    const uint8_t *query, *target;
    Py_ssize_t m, n, block, blocks, first; /* columns of a block; the first of those whose choices are at hand */
    int32_t open, extend, *h, *e, *saved;  /* h and e at the start of each block */
    uint8_t *choices;                      /* block × m */
    int32_t score;
    Py_ssize_t q_end, t_end;
} Table;

static void table_column(Table *t, Py_ssize_t j, uint8_t *choices) {
    int32_t up = 0, f = -t->open;
    const int8_t *matrix = t->matrix;
    const uint8_t code = t->target[j];
    for (Py_ssize_t i = 0; i < t->m; i++) {
        int32_t x = up + (code < CODES ? matrix[t->query[i] * CODES + code] : FOREIGN), e = t->e[i];
        uint8_t choice = BOTH;
        choice = e > x ? ONLY_TARGET : choice, x = e > x ? e : x;
        choice = f > x ? ONLY_QUERY : choice, x = f > x ? f : x;
        choice = x > 0 ? choice : STOP, x = x > 0 ? x : 0;
        if (x > t->score) t->score = x, t->q_end = i + 1, t->t_end = j + 1;
        int32_t opened = x - t->open, further = e - t->extend, on = f - t->extend;
        choice = (uint8_t)(choice | (opened >= further ? 0 : TARGET_ON) | (opened >= on ? 0 : QUERY_ON));
        up = t->h[i], t->h[i] = x;
        t->e[i] = opened >= further ? opened : further;
        f = opened >= on ? opened : on;
        if (choices) choices[i] = choice;
    }
}

static void fill_table(Table *t) {
    for (Py_ssize_t i = 0; i < t->m; i++) t->h[i] = 0, t->e[i] = -t->open;
    for (Py_ssize_t j = 0; j < t->n; j++) {
        if (j % t->block == 0) {
            int32_t *saved = t->saved + j / t->block * 2 * t->m;
            memcpy(saved, t->h, (size_t)t->m * 4), memcpy(saved + t->m, t->e, (size_t)t->m * 4);
        }
        table_column(t, j, t->blocks == 1 ? t->choices + j * t->m : NULL);
    }
    t->first = t->blocks == 1 ? 0 : t->n;
}

static uint8_t choice_at(Table *t, Py_ssize_t j, Py_ssize_t i) {
    if (j < t->first) {
        Py_ssize_t number = j / t->block, begin = number * t->block, end = begin + t->block;
        const int32_t *saved = t->saved + number * 2 * t->m;
        memcpy(t->h, saved, (size_t)t->m * 4), memcpy(t->e, saved + t->m, (size_t)t->m * 4);
        for (Py_ssize_t k = begin; k < end && k < t->n; k++) table_column(t, k, t->choices + (k - begin) * t->m);
        t->first = begin;
    }
    return t->choices[(j - t->first) * t->m + i];
}

typedef struct {
    uint32_t *runs; /* length << 8 | operation, last first */
    Py_ssize_t n, room;
} Runs;

static int add_column(Runs *r, char operation) {
    if (r->n && (char)(r->runs[r->n - 1] & 255) == operation && r->runs[r->n - 1] < UINT32_MAX - 256) {
        r->runs[r->n - 1] += 256;
        return 1;
    }
    if (r->n == r->room) {
        uint32_t *more = realloc(r->runs, (size_t)(2 * r->room + 64) * sizeof(uint32_t));
        if (!more) return 0;
        r->runs = more, r->room = 2 * r->room + 64;
    }
    r->runs[r->n++] = 256u | (uint8_t)operation;
    return 1;
}

/* Walk back from the end of the best alignment; `q` and `t` become its start. */
static int walk_table(Table *t, Runs *runs, Py_ssize_t *q, Py_ssize_t *at) {
    Py_ssize_t i = t->q_end - 1, j = t->t_end - 1;
    int state = BOTH;
    while (i >= 0 && j >= 0) {
        if (state == BOTH) {
            int choice = choice_at(t, j, i) & 3;
            if (choice == STOP) break;
            if (choice != BOTH) {
                state = choice;
                continue;
            }
            if (!add_column(runs, t->query[i] == t->target[j] ? '=' : 'X')) return 0;
            i--, j--;
        } else if (state == ONLY_TARGET) {
            if (!add_column(runs, 'D')) return 0;
            j--;
            if (j < 0 || !(choice_at(t, j, i) & TARGET_ON)) state = BOTH;
        } else {
            if (!add_column(runs, 'I')) return 0;
            i--;
            if (i < 0 || !(choice_at(t, j, i) & QUERY_ON)) state = BOTH;
        }
    }
    *q = i + 1, *at = j + 1;
    return 1;
}

static int prepare_table(Table *t, const Py_buffer *b, int open, int extend) {
    t->matrix = b[0].buf, t->query = b[1].buf, t->target = b[2].buf, t->m = b[1].len, t->n = b[2].len;
    t->open = open + extend, t->extend = extend;
    t->block = t->m ? BLOCK_CELLS / t->m : 1;
    if (t->block < 1) t->block = 1;
    if (t->block > t->n) t->block = t->n ? t->n : 1;
    t->blocks = (t->n + t->block - 1) / t->block;
    t->h = malloc((size_t)t->m * 8 + 8), t->e = t->h + t->m;
    t->saved = malloc((size_t)(t->blocks + 1) * (size_t)t->m * 8 + 8);
    t->choices = malloc((size_t)t->block * (size_t)t->m + 1);
    if (t->h && t->saved && t->choices) return 1;
    return PyErr_NoMemory(), 0;
}

static PyObject *list_runs(const Runs *runs) {
    PyObject *list = PyList_New(runs->n);
    for (Py_ssize_t k = 0; list && k < runs->n; k++) {
        uint32_t run = runs->runs[runs->n - 1 - k];
        PyObject *pair = Py_BuildValue("(IC)", (unsigned)(run >> 8), (int)(run & 255));
        if (!pair) Py_CLEAR(list);
        else PyList_SET_ITEM(list, k, pair);
    }
    return list;
}

/* align_residues(matrix, query, target, open, extend) -> score, ranges, [(length, operation)]. */
static PyObject *align_residues(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    int open, extend, fits = 0;
    if (!PyArg_ParseTuple(args, "y*y*y*ii", &b[0], &b[1], &b[2], &open, &extend)) return release(b, 3), NULL;
    Table t = {0};
    Runs runs = {0};
    Py_ssize_t q = 0, at = 0;
    PyObject *answer = NULL;
    if (is_scheme(&b[0], &b[1]) && are_costs(open, extend) && prepare_table(&t, b, open, extend)) {
        Py_BEGIN_ALLOW_THREADS
        fill_table(&t);
        fits = walk_table(&t, &runs, &q, &at);
        Py_END_ALLOW_THREADS
        PyObject *list = fits ? list_runs(&runs) : PyErr_NoMemory();
        if (list) answer = Py_BuildValue("(innnnN)", t.score, q, t.q_end, at, t.t_end, list);
    }
    free(t.h), free(t.saved), free(t.choices), free(runs.runs);
    release(b, 3);
    return answer;
}
