/* Letters of nucleotides, and their alignment with gaps in a band that follows the best path, a part of _kernels.c:
 * nlsearch/kernels/hspband.py is the same, slow and plain.
 *
 * A payload is laid out as nlsearch/handlers/nucleotide/payload.py says. */

#define BAND 32         /* lanes of the band, on one anti-diagonal */
#define EDGE 16         /* cells on both sides of them that no path reaches */
#define PAD (BAND + 16) /* letters that match nothing, around the sequences */
#define LOW (-16384)    /* a score that no path reaches */
#define REBASE 8000     /* scores over it are lowered, so that 16 bits hold all of them */
#define MOST_LOST 16000 /* what a path within the band may lie below the best and is still above LOW */
#define FIRST_WINDOW 96
#define STEERED 4 /* rows after which it is looked where the best cell is */
#define CENTRED 2 /* lanes that it may be off the middle */
#define BREAK_Q 250
#define BREAK_T 251
#define NO_MEMORY (-1)
#define LEFT_BAND (-2)

typedef struct {
    int match, mismatch, open, extend, seed, ungapped_drop, trigger, drop, last_drop, cutoff, most;
} Scheme;

typedef struct {
    const uint8_t *codes[2]; /* on the given strand, and on the other */
    uint8_t *turned, *packed[2];
    int64_t length, bytes;
    int breaks; /* whether there are ambiguous letters */
} Query;

typedef struct {
    const uint8_t *packed, *runs;
    int64_t length, bytes, n_runs;
} Target;

typedef struct { /* HSP of nlsearch/kernels/hsps.py */
    int64_t q_start, q_end, t_start, t_end, q_at, t_at;
    int32_t item, strand, score, matches, columns, whole;
} Hsp;

typedef struct { /* where an alignment goes on from, and to which side */
    int64_t q, t;
    int strand, left;
} Origin;

typedef struct { /* the best alignment from an origin: letters of query and target, and the row of its last cell */
    int64_t score, i, j, row;
} Reach;

/* Room that grows as it is needed: the letters laid out, the ways into each cell, and the columns. */
typedef struct {
    uint8_t *a, *b, *dirs, *ops;
    int32_t *offsets;
    int64_t letters, rows, n_ops, room_ops;
    int64_t na, nb; /* letters laid out */
} Bench;

static void leave_bench(Bench *w) { free(w->a), free(w->b), free(w->dirs), free(w->ops), free(w->offsets); }

/* ---------------------------------------------------------------------------------------------------------- letters */
INLINE uint32_t u32_at(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

/* Return letters from `at` on in the lowest bits, 29 of them at least (zeros behind the end). */
INLINE uint64_t letters_at(const uint8_t *packed, int64_t bytes, int64_t at) {
    int64_t b = at >> 2;
    uint64_t w = 0;
    if (b + 8 <= bytes) memcpy(&w, packed + b, 8);
    else if (b < bytes) memcpy(&w, packed + b, (size_t)(bytes - b));
    return w >> 2 * (at & 3);
}

#define PAYLOAD_HEADER 64
INLINE int64_t padded(int64_t bytes) { return (bytes + 3) / 4 * 4; }

/* Find the sequence in a payload; -1: it is damaged. */
static int open_letters(const Py_buffer *b, Target *t) {
    const uint8_t *p = b->buf;
    if (b->len < PAYLOAD_HEADER || memcmp(p, "nlS2", 4)) return -1;
    uint16_t label;
    memcpy(&label, p + 6, 2);
    t->length = p[5] & 1 ? u32_at(p + 8) : 0, t->n_runs = u32_at(p + 20);
    int64_t at = PAYLOAD_HEADER + 12 * t->n_runs + 12 * (int64_t)u32_at(p + 24) + 8 * (int64_t)u32_at(p + 32);
    at += padded(u32_at(p + 28)) + padded(label) + padded(u32_at(p + 36));
    t->runs = p + PAYLOAD_HEADER, t->packed = p + at, t->bytes = (t->length + 3) / 4;
    return at + t->bytes <= b->len ? 0 : -1;
}

INLINE int64_t run_start(const Target *t, int64_t run) { return u32_at(t->runs + 12 * run); }
INLINE int64_t run_end(const Target *t, int64_t run) { return run_start(t, run) + u32_at(t->runs + 12 * run + 4); }

/* Return the first run of an ambiguous letter that ends behind a position. */
static int64_t run_behind(const Target *t, int64_t from) {
    int64_t low = 0, gap = t->n_runs;
    while (gap > 0) {
        int64_t half = gap / 2;
        if (run_end(t, low + half) <= from) low += half + 1, gap -= half + 1;
        else gap = half;
    }
    return low;
}

/* Write letters [from, from + n) of a target, ambiguous ones as breaks. */
static void unpack_letters(const Target *t, int64_t from, int64_t n, uint8_t *out) {
    for (int64_t i = 0; i < n; i++) out[i] = t->packed[(from + i) >> 2] >> 2 * ((from + i) & 3) & 3;
    for (int64_t run = run_behind(t, from); run < t->n_runs; run++) {
        int64_t start = run_start(t, run) - from, end = run_end(t, run) - from;
        if (start >= n) break;
        if (start < 0) start = 0;
        if (end > n) end = n;
        for (int64_t i = start; i < end; i++) out[i] = BREAK_T;
    }
}

static void reverse(uint8_t *p, int64_t n) {
    for (int64_t i = 0, j = n - 1; i < j; i++, j--) {
        uint8_t swap = p[i];
        p[i] = p[j], p[j] = swap;
    }
}

/* Make room for so many letters of each sequence, and for the ways into so many rows. */
static int room_for(Bench *w, int64_t letters, int64_t rows) {
    if (letters + 1 > w->letters) {
        free(w->a), free(w->b);
        w->letters = letters + letters / 2 + 1;
        w->a = malloc((size_t)(w->letters + 2 * PAD)), w->b = malloc((size_t)(w->letters + 2 * PAD));
    }
    if (rows > w->rows) {
        free(w->dirs), free(w->offsets);
        w->rows = rows;
        w->dirs = malloc((size_t)w->rows * BAND), w->offsets = malloc((size_t)w->rows * sizeof(int32_t));
    }
    return w->a && w->b && (!w->rows || (w->dirs && w->offsets)) ? 0 : NO_MEMORY;
}

/* Lay `na` letters of the query and `nb` of the target, outwards from an origin, the target's backwards, with pads. */
static void lay_out(const Query *q, const Target *t, const Origin *from, int64_t na, int64_t nb, Bench *w) {
    uint8_t *a = w->a + PAD, *b = w->b + PAD;
    memset(w->a, BREAK_Q, (size_t)(na + 2 * PAD));
    memset(w->b, BREAK_T, (size_t)(nb + 2 * PAD));
    memcpy(a, q->codes[from->strand] + (from->left ? from->q - na : from->q), (size_t)na);
    unpack_letters(t, from->left ? from->t - nb : from->t, nb, b);
    if (from->left) reverse(a, na);
    else reverse(b, nb);
    for (int64_t i = 0; q->breaks && i < na; i++)
        if (a[i] > 3) a[i] = BREAK_Q;
    w->na = na, w->nb = nb;
}

/* --------------------------------------------------------------------------------------------------------- the band */
#define CELLS (BAND + 2 * EDGE)
typedef struct { /* the last rows, whose lanes begin at EDGE: best scores of all paths, and with a gap at the end */
    int16_t h[3][CELLS];
    int16_t e[2][CELLS], f[2][CELLS]; /* the gap is in the query, in the target */
} Rows;

/* One anti-diagonal: `one` and `two` are how far the band moved since the last and the one before. */
CLONED static int step_band(const int16_t *restrict h1, const int16_t *restrict h2, const int16_t *restrict e1,
                            const int16_t *restrict f1, int16_t *restrict h, int16_t *restrict e, int16_t *restrict f,
                            const uint8_t *restrict a, const uint8_t *restrict b, int16_t match, int16_t mismatch,
                            int16_t first, int16_t more, uint8_t *restrict dirs) {
    int16_t top = LOW;
    for (int k = 0; k < BAND; k++) {
        int16_t open_e = h1[k] - first, on_e = e1[k] - more, open_f = h1[k - 1] - first, on_f = f1[k - 1] - more;
        int16_t gap_e = open_e > on_e ? open_e : on_e, gap_f = open_f > on_f ? open_f : on_f;
        int16_t pair = h2[k - 1] + (a[k] == b[k] ? match : mismatch);
        gap_e = gap_e > LOW ? gap_e : LOW, gap_f = gap_f > LOW ? gap_f : LOW;
        int16_t gap = gap_e > gap_f ? gap_e : gap_f, best = pair > gap ? pair : gap;
        e[k] = gap_e, f[k] = gap_f, h[k] = best;
        top = best > top ? best : top;
    }
    if (dirs) {
        int16_t ways[BAND];
        for (int k = 0; k < BAND; k++) {
            int16_t pair = h2[k - 1] + (a[k] == b[k] ? match : mismatch), way = e[k] >= f[k] ? 1 : 2;
            int16_t on_e = e1[k] - more, on_f = f1[k - 1] - more, open_e = h1[k] - first, open_f = h1[k - 1] - first;
            way = pair >= h[k] ? 0 : way;
            way += on_e > open_e ? 4 : 0;
            way += on_f > open_f ? 8 : 0;
            ways[k] = way;
        }
        for (int k = 0; k < BAND; k++) dirs[k] = (uint8_t)ways[k];
    }
    return top;
}

/* Return the first lane of a row that has a value. */
static int lane_of(const int16_t *row, int value) {
    int k = 0;
    while (k < BAND && row[k] != value) k++;
    return k;
}

static void open_rows(Rows *rows) {
    for (int i = 0; i < CELLS; i++) {
        for (int j = 0; j < 3; j++) rows->h[j][i] = LOW;
        for (int j = 0; j < 2; j++) rows->e[j][i] = rows->f[j][i] = LOW;
    }
    rows->h[0][EDGE + BAND / 2] = 0;
}

static void lower(int16_t *cells) {
    for (int k = 0; k < CELLS; k++) cells[k] = cells[k] - REBASE > LOW ? cells[k] - REBASE : LOW;
}

static void lower_rows(Rows *rows) {
    for (int j = 0; j < 3; j++) lower(rows->h[j]);
    for (int j = 0; j < 2; j++) lower(rows->e[j]), lower(rows->f[j]);
}

/* Where the band is: it moves on in every other row, but for what keeps the best cell in the middle. */
typedef struct {
    int64_t offset;           /* letters of the query up to the first lane */
    int lean, turn, one, two; /* lanes that it moved with this row, and with the one before */
} Steering;

INLINE void steer(Steering *s) {
    s->two = s->one, s->one = s->turn;
    if (s->lean > 0 && !s->turn) s->one = 1, s->lean--;
    else if (s->lean < 0 && s->turn) s->one = 0, s->lean++;
    s->turn ^= 1, s->offset += s->one;
}

/* Compute one row of the cells of what is laid out; return its best score, without the base. */
INLINE int fill_row(Rows *rows, const Bench *w, const Steering *s, int64_t r, const Scheme *c, int trace) {
    const int before = EDGE + s->one, first = c->open + c->extend;
    const uint8_t *a = w->a + PAD + s->offset - 1, *b = w->b + PAD + w->nb - r + s->offset;
    if (trace) w->offsets[r] = (int32_t)s->offset;
    return step_band(rows->h[(r + 2) % 3] + before, rows->h[(r + 1) % 3] + before + s->two,
                     rows->e[(r + 1) % 2] + before, rows->f[(r + 1) % 2] + before, rows->h[r % 3] + EDGE,
                     rows->e[r % 2] + EDGE, rows->f[r % 2] + EDGE, a, b, (int16_t)c->match, (int16_t)c->mismatch,
                     (int16_t)first, (int16_t)c->extend, trace ? w->dirs + r * BAND : NULL);
}

/* Extend along the best path through what is laid out.  0: the band came to the end of that, and more_a or more_b say
 * that there is more of the query or the target. */
static int run_band(Bench *w, int more_a, int more_b, const Scheme *c, int drop, int trace, Reach *found) {
    Rows rows;
    Steering s = {-BAND / 2, 0, 0, 0, 0};
    int16_t kept[BAND]; /* the row of the best cell */
    int64_t base = 0, kept_offset = 0;
    int kept_top = 0;
    open_rows(&rows);
    *found = (Reach){0, 0, 0, 0};
    for (int64_t r = 1; r <= w->na + w->nb; r++) {
        steer(&s);
        const int64_t last_i = s.offset + BAND - 1, last_j = r - s.offset;
        if ((more_a && last_i > w->na) || (more_b && last_j > w->nb)) return 0;
        if (s.offset > w->na || r - last_i > w->nb) break;
        const int16_t *h = rows.h[r % 3] + EDGE;
        const int top = fill_row(&rows, w, &s, r, c, trace);
        if (base + top > found->score) {
            found->score = base + top, found->row = r, kept_offset = s.offset, kept_top = top;
            memcpy(kept, h, sizeof kept);
        } else if (base + top < found->score - drop) break;
        if (r % STEERED == 0) {
            s.lean = lane_of(h, top) - BAND / 2;
            if (s.lean <= CENTRED && s.lean >= -CENTRED) s.lean = 0;
        }
        if (top > REBASE) base += REBASE, lower_rows(&rows);
    }
    if (found->row) found->i = kept_offset + lane_of(kept, kept_top), found->j = found->row - found->i;
    return 1;
}

/* Extend to one side from a pair of positions; more letters are laid out as the path needs them. */
static int reach_out(const Query *q, const Target *t, const Origin *from, const Scheme *c, int drop, int trace,
                     Bench *w, Reach *found) {
    int64_t all_a = from->left ? from->q : q->length - from->q, all_b = from->left ? from->t : t->length - from->t;
    for (int64_t window = FIRST_WINDOW;; window *= 4) {
        int64_t na = all_a < window ? all_a : window, nb = all_b < window + BAND ? all_b : window + BAND;
        if (room_for(w, na > nb ? na : nb, trace ? na + nb + 1 : 0) < 0) return NO_MEMORY;
        lay_out(q, t, from, na, nb, w);
        if (run_band(w, na < all_a, nb < all_b, c, drop, trace, found)) return 0;
    }
}

/* ------------------------------------------------------------------------------------------------------ the columns */
static int note_op(Bench *w, uint8_t op) {
    if (w->n_ops == w->room_ops) {
        w->room_ops = w->room_ops ? 2 * w->room_ops : 4096;
        uint8_t *more = realloc(w->ops, (size_t)w->room_ops);
        if (!more) return NO_MEMORY;
        w->ops = more;
    }
    w->ops[w->n_ops++] = op;
    return 0;
}

/* Append the columns from a band's best cell back to its start; '=' and 'X' stand for equal and unequal letters. */
static int walk_back(Bench *w, const Reach *found) {
    enum { PAIR, DELETED, INSERTED } state = PAIR;
    int64_t i = found->i;
    for (int64_t r = found->row; r > 0;) {
        const int64_t k = i - w->offsets[r];
        if (k < 0 || k >= BAND) return LEFT_BAND; /* cannot be */
        const uint8_t way = w->dirs[r * BAND + k];
        if (state == PAIR && way & 3) {
            state = way & 3;
            continue;
        }
        uint8_t op = state == DELETED ? 'D' : 'I';
        if (state == PAIR) op = w->a[PAD + i - 1] == w->b[PAD + w->nb - (r - i)] ? '=' : 'X';
        if (note_op(w, op) < 0) return NO_MEMORY;
        r -= state == PAIR ? 2 : 1, i -= state != DELETED;
        if (state == DELETED) state = way & 4 ? DELETED : PAIR;
        else if (state == INSERTED) state = way & 8 ? INSERTED : PAIR;
    }
    return 0;
}

/* Align through a pair of positions and fill in *h; the columns, along the strand, are in w->ops. */
static int align_through(const Query *q, const Target *t, const Scheme *c, Bench *w, Hsp *h) {
    Reach reach[2];
    int64_t middle = 0;
    w->n_ops = 0;
    for (int right = 0; right < 2; right++) {
        const Origin from = {h->q_at, h->t_at, h->strand, !right};
        int state = reach_out(q, t, &from, c, c->last_drop, 1, w, &reach[right]);
        middle = w->n_ops;
        if (state == 0) state = walk_back(w, &reach[right]);
        if (state < 0) return state;
    }
    if (w->n_ops > middle) reverse(w->ops + middle, w->n_ops - middle);
    h->score = (int32_t)(reach[0].score + reach[1].score);
    h->q_start = h->q_at - reach[0].i, h->q_end = h->q_at + reach[1].i;
    h->t_start = h->t_at - reach[0].j, h->t_end = h->t_at + reach[1].j;
    h->columns = (int32_t)w->n_ops, h->matches = 0;
    for (int64_t i = 0; i < w->n_ops; i++) h->matches += w->ops[i] == '=';
    return 0;
}
