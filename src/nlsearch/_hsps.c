/* Local alignments of nucleotides, a part of _kernels.c: ungapped extension of anchors on two-bit letters, then gapped
 * extension in a band that follows the best path.  nlsearch/kernels/hsps.py says what they compute and by which papers.
 *
 * A payload is laid out as nlsearch/handlers/nucleotide/payload.py says; only this file and that one know it. */

#define BAND 32         /* lanes of the band, on one anti-diagonal */
#define PAD (BAND + 16) /* letters that match nothing, around the sequences */
#define LOW (-16384)    /* a score that no path reaches */
#define REBASE 8000     /* scores over it are lowered, so that 16 bits hold all of them */
#define FIRST_WINDOW 96
#define SLACK 4 /* matches that the last extension may add to the first */
#define AHEAD 24 /* anchors whose letters are fetched before they are needed */
#define RECENT 16 /* diagonals whose last extension is remembered */
#define CHUNK 24  /* letters compared at once, eight by eight */
#define BREAK_Q 250
#define BREAK_T 251

typedef struct {
    int match, mismatch, open, extend, seed, ungapped_drop, trigger, drop, last_drop, cutoff, most;
} Scheme;

typedef struct {
    const uint8_t *codes[2]; /* on the given strand, and on the other */
    uint8_t *packed[2];
    int64_t length, bytes;
    int breaks;
} Query;

typedef struct {
    const uint8_t *packed, *runs;
    int64_t length, bytes, n_runs;
} Packed;

typedef struct { /* HSP of nlsearch/kernels/hsps.py */
    int64_t q_start, q_end, t_start, t_end, q_at, t_at;
    int32_t item, strand, score, matches, columns, exact;
} Hsp;

typedef struct {
    int64_t score, i, j;
} Reach;

typedef struct { /* grows as it is needed */
    uint8_t *a, *b, *dirs, *ops;
    int32_t *offsets;
    int64_t letters, rows, n_ops, room_ops, nb; /* nb: target letters laid out */
} Bench;

static void leave_bench(Bench *w) { free(w->a), free(w->b), free(w->dirs), free(w->ops), free(w->offsets); }

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
static int open_letters(const Py_buffer *b, Packed *l) {
    const uint8_t *p = b->buf;
    if (b->len < PAYLOAD_HEADER || memcmp(p, "nlS2", 4)) return -1;
    uint16_t label;
    memcpy(&label, p + 6, 2);
    l->length = p[5] & 1 ? u32_at(p + 8) : 0, l->n_runs = u32_at(p + 20);
    int64_t at = PAYLOAD_HEADER + 12 * l->n_runs + 12 * (int64_t)u32_at(p + 24) + ((int64_t)u32_at(p + 28) + 3) / 4 * 4;
    at += (label + 3) / 4 * 4 + ((int64_t)u32_at(p + 36) + 3) / 4 * 4 + 8 * (int64_t)u32_at(p + 32);
    l->runs = p + PAYLOAD_HEADER, l->packed = p + at, l->bytes = (l->length + 3) / 4;
    return at + l->bytes <= b->len ? 0 : -1;
}

/* ---------------------------------------------------------------------------------------------- ungapped extension */
/* What eight letters add, by which of them differ: in all, at the best prefix, and that prefix. */
typedef struct {
    int16_t all[256], best[256];
    uint8_t length[256];
} Eights;

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

/* Extend without gaps over at most `n` letters; whether to go on is asked every eight letters. */
static int64_t grow_ungapped(const Query *q, int s, int64_t qa, const Packed *t, int64_t ta, int64_t n, int left,
                    const Scheme *c, const Eights *table, int64_t *length) {
    int64_t score = 0, best = 0;
    *length = 0;
    for (int64_t done = 0; done < n; done += CHUNK) {
        int take = n - done < CHUNK ? (int)(n - done) : CHUNK;
        int64_t from = left ? -done - take : done;
        uint64_t x = letters_at(q->packed[s], q->bytes, qa + from) ^ letters_at(t->packed, t->bytes, ta + from);
        if (left) x = turned(x) >> (64 - 2 * take);
        uint32_t wrong = every_other(x | x >> 1);
        if (take < CHUNK) wrong |= ~(uint32_t)0 << take; /* what is beyond never adds to the best */
        for (int at = 0; at < take; at += 8, wrong >>= 8) {
            int eight = wrong & 255;
            if (score + table->best[eight] > best && table->length[eight])
                best = score + table->best[eight], *length = done + at + table->length[eight];
            score += table->all[eight];
            if (best - score > c->ungapped_drop) return best;
        }
    }
    return best;
}

/* ------------------------------------------------------------------------------------------------ letters for a band */
/* Return the first run of a letter that is not definite which ends behind a position. */
static int64_t run_behind(const Packed *t, int64_t from) {
    int64_t low = 0, gap = t->n_runs;
    while (gap > 0) {
        int64_t half = gap / 2;
        const uint8_t *run = t->runs + 12 * (low + half);
        if ((int64_t)u32_at(run) + u32_at(run + 4) <= from) low += half + 1, gap -= half + 1;
        else gap = half;
    }
    return low;
}

/* Write letters [from, from + n) of a target, what is not definite as breaks. */
static void unpack_letters(const Packed *t, int64_t from, int64_t n, uint8_t *out) {
    for (int64_t i = 0; i < n; i++) out[i] = t->packed[(from + i) >> 2] >> 2 * ((from + i) & 3) & 3;
    for (int64_t low = run_behind(t, from); low < t->n_runs; low++) {
        const uint8_t *run = t->runs + 12 * low;
        int64_t start = (int64_t)u32_at(run) - from, end = start + u32_at(run + 4);
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

static int room_for(Bench *w, int64_t letters, int64_t rows) {
    if (letters > w->letters) {
        free(w->a), free(w->b);
        w->letters = letters + letters / 2;
        w->a = malloc((size_t)(w->letters + 2 * PAD)), w->b = malloc((size_t)(w->letters + 2 * PAD));
    }
    if (rows > w->rows) {
        free(w->dirs), free(w->offsets);
        w->rows = rows + rows / 2;
        w->dirs = malloc((size_t)w->rows * BAND), w->offsets = malloc((size_t)w->rows * sizeof(int32_t));
    }
    return w->a && w->b && (!w->rows || (w->dirs && w->offsets)) ? 0 : -1;
}

/* Lay `na` letters of the query and `nb` of the target, outwards from a pair, the target's backwards, with pads. */
static void lay_out(const Query *q, int s, int64_t qa, const Packed *t, int64_t ta, int left, int64_t na, int64_t nb,
                    Bench *w) {
    memset(w->a, BREAK_Q, (size_t)(na + 2 * PAD));
    memset(w->b, BREAK_T, (size_t)(nb + 2 * PAD));
    uint8_t *a = w->a + PAD, *b = w->b + PAD;
    memcpy(a, q->codes[s] + (left ? qa - na : qa), (size_t)na);
    unpack_letters(t, left ? ta - nb : ta, nb, b);
    if (left) reverse(a, na);
    else reverse(b, nb);
    if (q->breaks)
        for (int64_t i = 0; i < na; i++)
            if (a[i] > 3) a[i] = BREAK_Q;
}

/* -------------------------------------------------------------------------------------------------------- the band */
typedef struct {
    int16_t h[3][BAND + 32], e[2][BAND + 32], f[2][BAND + 32]; /* lanes begin at 16 */
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

static int lane_of(const int16_t *row, int value) {
    int k = 0;
    while (k < BAND && row[k] != value) k++;
    return k;
}

/* Extend along the best path; *whole is set if letters beyond those laid out could not have changed anything. */
static Reach run_band(Bench *w, int64_t na, int64_t nb, int more_a, int more_b, const Scheme *c, int drop, int trace,
                      int *whole, int64_t *last) {
    Rows rows;
    for (int i = 0; i < BAND + 32; i++) {
        for (int j = 0; j < 3; j++) rows.h[j][i] = LOW;
        for (int j = 0; j < 2; j++) rows.e[j][i] = rows.f[j][i] = LOW;
    }
    const int16_t first = (int16_t)(c->open + c->extend), more = (int16_t)c->extend;
    int64_t offset = -BAND / 2, base = 0, best = 0, best_row = 0, best_offset = offset, r = 0;
    int lean = 0, turn = 0, moved = 0, lane = BAND / 2;
    int16_t kept[BAND];
    rows.h[0][16 + BAND / 2] = 0;
    memcpy(kept, rows.h[0] + 16, sizeof kept);
    int kept_top = 0;
    *whole = 1;
    if (trace) w->offsets[0] = (int32_t)offset;
    for (r = 1; r <= na + nb; r++) {
        int one = turn;
        if (lean > 0 && !turn) one = 1, lean--;
        else if (lean < 0 && turn) one = 0, lean++;
        turn ^= 1;
        offset += one;
        if (offset > na || r - (offset + BAND - 1) > nb) break;
        const int16_t *h1 = rows.h[(r - 1) % 3] + 16 + one, *h2 = rows.h[(r + 1) % 3] + 16 + one + moved;
        int16_t *h = rows.h[r % 3] + 16;
        int top = step_band(h1, h2, rows.e[(r - 1) % 2] + 16 + one, rows.f[(r - 1) % 2] + 16 + one, h,
                            rows.e[r % 2] + 16, rows.f[r % 2] + 16, w->a + PAD + offset - 1, w->b + PAD + nb - r + offset,
                            (int16_t)c->match, (int16_t)c->mismatch, first, more, trace ? w->dirs + r * BAND : NULL);
        moved = one;
        if (trace) w->offsets[r] = (int32_t)offset;
        if (base + top > best) {
            best = base + top, best_row = r, best_offset = offset, kept_top = top;
            memcpy(kept, h, sizeof kept);
        } else if (base + top < best - drop) break;
        if ((more_a && offset + BAND - 1 > na) || (more_b && r - offset > nb)) {
            *whole = 0;
            break;
        }
        if (!(r & 3)) {
            lane = lane_of(h, top) - BAND / 2;
            lean = lane > 2 || lane < -2 ? lane : 0;
        }
        if (top > REBASE) {
            base += REBASE;
            for (int j = 0; j < 3; j++)
                for (int k = 0; k < BAND + 32; k++)
                    rows.h[j][k] = rows.h[j][k] - REBASE > LOW ? rows.h[j][k] - REBASE : LOW;
            for (int j = 0; j < 2; j++)
                for (int k = 0; k < BAND + 32; k++) {
                    rows.e[j][k] = rows.e[j][k] - REBASE > LOW ? rows.e[j][k] - REBASE : LOW;
                    rows.f[j][k] = rows.f[j][k] - REBASE > LOW ? rows.f[j][k] - REBASE : LOW;
                }
        }
    }
    int64_t i = best_offset + lane_of(kept, kept_top);
    *last = best_row;
    return (Reach){best, i, best_row - i};
}

/* Extend to one side from a pair of positions; more letters are laid out as the path needs them.  -1: no memory. */
static int reach_out(const Query *q, int s, int64_t qa, const Packed *t, int64_t ta, int left, const Scheme *c, int drop,
                     int trace, Bench *w, Reach *found, int64_t *last) {
    int64_t all_a = left ? qa : q->length - qa, all_b = left ? ta : t->length - ta;
    for (int64_t window = FIRST_WINDOW;; window *= 4) {
        int64_t na = all_a < window ? all_a : window, nb = all_b < window + BAND ? all_b : window + BAND;
        int whole;
        if (room_for(w, na > nb ? na : nb, trace ? na + nb + 1 : 0) < 0) return -1;
        lay_out(q, s, qa, t, ta, left, na, nb, w);
        w->nb = nb;
        *found = run_band(w, na, nb, na < all_a, nb < all_b, c, drop, trace, &whole, last);
        if (whole) return 0;
    }
}

static int note_op(Bench *w, uint8_t op) {
    if (w->n_ops == w->room_ops) {
        w->room_ops = w->room_ops ? 2 * w->room_ops : 4096;
        uint8_t *more = realloc(w->ops, (size_t)w->room_ops);
        if (!more) return -1;
        w->ops = more;
    }
    w->ops[w->n_ops++] = op;
    return 0;
}

/* Append the columns from a band's best cell back to its start; '=' and 'X' stand for equal and unequal letters. */
static int walk_back(Bench *w, const Reach *found, int64_t nb, int64_t row) {
    int64_t i = found->i;
    int state = 0;
    for (int64_t r = row; r > 0;) {
        int64_t k = i - w->offsets[r];
        if (k < 0 || k >= BAND) return -2; /* cannot be */
        uint8_t way = w->dirs[r * BAND + k];
        if (state == 0) {
            state = way & 3;
            if (state) continue;
            int same = w->a[PAD + i - 1] == w->b[PAD + nb - (r - i)];
            if (note_op(w, same ? '=' : 'X') < 0) return -1;
            r -= 2, i -= 1;
        } else if (state == 1) {
            if (note_op(w, 'D') < 0) return -1;
            state = way & 4 ? 1 : 0;
            r -= 1;
        } else {
            if (note_op(w, 'I') < 0) return -1;
            state = way & 8 ? 2 : 0;
            r -= 1, i -= 1;
        }
    }
    return 0;
}


/* Align through a pair of positions and fill in *h; the columns, along the strand, are in w->ops.  -1: no memory. */
static int align_through(const Query *q, const Packed *t, const Scheme *c, Bench *w, Hsp *h) {
    Reach left, right;
    int64_t row;
    int state;
    w->n_ops = 0;
    if (reach_out(q, h->strand, h->q_at, t, h->t_at, 1, c, c->last_drop, 1, w, &left, &row) < 0) return -1;
    if ((state = walk_back(w, &left, w->nb, row)) < 0) return state;
    const int64_t middle = w->n_ops;
    if (reach_out(q, h->strand, h->q_at, t, h->t_at, 0, c, c->last_drop, 1, w, &right, &row) < 0) return -1;
    /* to the right the target is laid out backwards, to the left it is the query that was turned: both end at nb */
    if ((state = walk_back(w, &right, w->nb, row)) < 0) return state;
    reverse(w->ops + middle, w->n_ops - middle);
    h->score = (int32_t)(left.score + right.score);
    h->q_start = h->q_at - left.i, h->q_end = h->q_at + right.i;
    h->t_start = h->t_at - left.j, h->t_end = h->t_at + right.j;
    h->columns = (int32_t)w->n_ops, h->matches = 0;
    for (int64_t i = 0; i < w->n_ops; i++) h->matches += w->ops[i] == '=';
    return 0;
}

/* ------------------------------------------------------------------------------------------------ finding alignments */
typedef struct { /* an ungapped alignment that may grow, by strand */
    int64_t q, t, length;
    int32_t strand, score;
} Start;

typedef struct {
    int64_t diagonal, from, to;
    int32_t strand;
} Covered;

typedef struct {
    const uint8_t *flags;
    const uint32_t *queries;
    const int64_t *targets;
    Start *starts;
    Hsp *hsps;
    int64_t n_starts, room_starts, n_hsps, room_hsps;
} Hunt;

static int starts_by_score(const void *left, const void *right) {
    const Start *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    if (a->strand != b->strand) return a->strand < b->strand ? -1 : 1;
    if (a->t != b->t) return a->t < b->t ? -1 : 1;
    return a->q < b->q ? -1 : a->q > b->q;
}

static int note_hsp(Hunt *search, const Hsp *h, int64_t first) {
    for (int64_t i = first; i < search->n_hsps; i++) {
        Hsp *o = &search->hsps[i];
        if (o->strand != h->strand) continue;
        int begins = o->q_start == h->q_start && o->t_start == h->t_start;
        int ends = o->q_end == h->q_end && o->t_end == h->t_end;
        int within = h->q_start >= o->q_start && h->q_end <= o->q_end && h->t_start >= o->t_start && h->t_end <= o->t_end;
        if ((begins || ends || within) && o->score >= h->score) return 0;
        if (begins || ends) {
            *o = *h;
            return 0;
        }
    }
    if (search->n_hsps == search->room_hsps) {
        search->room_hsps = search->room_hsps ? 2 * search->room_hsps : 64;
        Hsp *more = realloc(search->hsps, (size_t)search->room_hsps * sizeof(Hsp));
        if (!more) return -1;
        search->hsps = more;
    }
    search->hsps[search->n_hsps++] = *h;
    return 0;
}

/* Which bases a letter stands for, by its code: those of alphabet.py. */
static const uint8_t BASES[15] = {1, 2, 4, 8, 5, 10, 6, 9, 12, 3, 14, 13, 11, 7, 15};

/* Say whether a target holds a copy of a query with ambiguous letters: each of its letters allows the target's. */
static int is_copy(const Query *q, int s, const Packed *t, int64_t at) {
    if (at < 0 || at + q->length > t->length) return 0;
    int64_t run = run_behind(t, at);
    for (int64_t i = 0; i < q->length; i++) {
        const int64_t here = at + i;
        uint8_t code = t->packed[here >> 2] >> 2 * (here & 3) & 3, asked = q->codes[s][i];
        while (run < t->n_runs && (int64_t)u32_at(t->runs + 12 * run) + u32_at(t->runs + 12 * run + 4) <= here) run++;
        if (run < t->n_runs && (int64_t)u32_at(t->runs + 12 * run) <= here) code = (uint8_t)u32_at(t->runs + 12 * run + 8);
        if (code > 14 || asked > 14 || BASES[code] & ~BASES[asked]) return 0;
    }
    return 1;
}

static int note_copy(const Query *q, int s, int64_t at, int32_t item, Hunt *search) {
    Hsp h = {0, q->length, at, at + q->length, q->length / 2, at + q->length / 2, item, s, 0, 0, 0, 1};
    h.matches = h.columns = (int32_t)q->length;
    for (int64_t i = 0; i < q->length; i++) h.score += q->codes[s][i] < 4 ? 2 : 0;
    for (int64_t i = search->n_hsps - 1; i >= 0 && search->hsps[i].item == item; i--)
        if (search->hsps[i].t_start == at && search->hsps[i].strand == s && search->hsps[i].exact) return 0;
    return note_hsp(search, &h, search->n_hsps);
}

/* Extend the seeds of one item without gaps, and note what is good enough to go on with. */
static int try_anchors(const Query *q, const Packed *t, const Scheme *c, const Eights *table, int32_t item,
                       int64_t from, int64_t to, Hunt *search) {
    const uint64_t mask = ((uint64_t)1 << 2 * c->seed) - 1;
    Covered recent[RECENT];
    int slot = 0;
    for (int i = 0; i < RECENT; i++) recent[i] = (Covered){0, 0, 0, -1};
    for (int64_t n = from; n < to; n++) {
        if (n + AHEAD < to && search->targets[n + AHEAD] >= 0)
            PREFETCH(t->packed + (search->targets[n + AHEAD] >> 2));
        const int s = search->flags[n] != 0;
        const int64_t qa = s ? q->length - c->seed - (int64_t)search->queries[n] : (int64_t)search->queries[n];
        const uint64_t wanted = letters_at(q->packed[s], q->bytes, qa) & mask;
        int64_t near = search->targets[n], skip = near < 0 ? -near : 0;
        uint64_t here = letters_at(t->packed, t->bytes, near + skip);
        for (int64_t ta = near + skip; ta < near + 8 && ta + c->seed <= t->length; ta++, here >>= 2) {
            if ((here & mask) != wanted) continue;
            const int64_t diagonal = ta - qa;
            int done = 0;
            for (int i = 0; i < RECENT; i++)
                done |= recent[i].strand == s && recent[i].diagonal == diagonal && recent[i].from <= ta && ta < recent[i].to;
            if (done) continue;
            int64_t ahead, back, right = q->length - qa, left = qa < ta ? qa : ta;
            if (t->length - ta < right) right = t->length - ta;
            int64_t score = grow_ungapped(q, s, qa, t, ta, right, 0, c, table, &ahead) + grow_ungapped(q, s, qa, t, ta, left, 1, c, table, &back);
            recent[slot++ % RECENT] = (Covered){diagonal, ta - back, ta + ahead, s};
            if (q->breaks && is_copy(q, s, t, diagonal) && note_copy(q, s, diagonal, item, search) < 0) return -1;
            if (score < c->trigger) continue;
            if (search->n_starts == search->room_starts) {
                search->room_starts = search->room_starts ? 2 * search->room_starts : 256;
                Start *more = realloc(search->starts, (size_t)search->room_starts * sizeof(Start));
                if (!more) return -1;
                search->starts = more;
            }
            search->starts[search->n_starts++] = (Start){qa - back, ta - back, ahead + back, s, (int32_t)score};
        }
    }
    return 0;
}

/* Say whether a start lies in an alignment that is known, near the diagonals of its ends. */
static int is_known(const Start *a, const Hsp *h) {
    if (a->strand != h->strand || a->q < h->q_start || a->q + a->length > h->q_end || a->t < h->t_start ||
        a->t + a->length > h->t_end)
        return 0;
    int64_t d = a->t - a->q, first = h->t_start - h->q_start, last = h->t_end - h->q_end;
    int64_t low = first < last ? first : last, high = first < last ? last : first;
    return d >= low - BAND / 2 && d <= high + BAND / 2;
}

static int better_hsp(const void *left, const void *right) {
    const Hsp *a = left, *b = right;
    if (a->exact != b->exact) return a->exact > b->exact ? -1 : 1;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    if (a->t_start != b->t_start) return a->t_start < b->t_start ? -1 : 1;
    if (a->strand != b->strand) return a->strand < b->strand ? -1 : 1;
    return a->q_start < b->q_start ? -1 : a->q_start > b->q_start;
}

/* Grow the starts of one item, best first, and keep what reaches the cutoff, or is a whole copy. */
static int grow_starts(const Query *q, const Packed *t, const Scheme *c, int32_t item, int64_t first, Bench *w,
                       Hunt *search) {
    qsort(search->starts, (size_t)search->n_starts, sizeof(Start), starts_by_score);
    for (int64_t n = 0; n < search->n_starts && search->n_hsps - first < c->most; n++) {
        const Start *a = &search->starts[n];
        int known = 0;
        for (int64_t i = first; i < search->n_hsps && !known; i++) known = is_known(a, &search->hsps[i]);
        if (known) continue;
        Hsp h = {0};
        h.item = item, h.strand = a->strand, h.q_at = a->q + a->length / 2, h.t_at = a->t + a->length / 2;
        const int whole = a->length == q->length && a->score == c->match * q->length;
        if (!whole) {
            Reach left, right;
            int64_t row;
            if (reach_out(q, a->strand, h.q_at, t, h.t_at, 1, c, c->drop, 0, w, &left, &row) < 0 ||
                reach_out(q, a->strand, h.q_at, t, h.t_at, 0, c, c->drop, 0, w, &right, &row) < 0)
                return -1;
            if (left.score + right.score < c->cutoff - c->match * SLACK) continue;
        }
        int state = align_through(q, t, c, w, &h);
        if (state < 0) return state;
        h.exact = h.matches == q->length && h.columns == q->length;
        if (h.score < c->cutoff && !h.exact) continue;
        if (note_hsp(search, &h, first) < 0) return -1;
    }
    qsort(search->hsps + first, (size_t)(search->n_hsps - first), sizeof(Hsp), better_hsp);
    return 0;
}

static int open_query(Query *q, const uint8_t *codes, int64_t n) {
    q->length = n, q->bytes = (n + 3) / 4, q->breaks = 0;
    uint8_t *other = malloc((size_t)(n ? n : 1));
    q->codes[0] = codes, q->codes[1] = other;
    if (!other) return -1;
    for (int64_t i = 0; i < n; i++) {
        uint8_t code = codes[n - 1 - i];
        other[i] = code > 3 ? code : 3 - code;
        q->breaks |= code > 3;
    }
    for (int s = 0; s < 2; s++) {
        q->packed[s] = calloc((size_t)q->bytes + 1, 1);
        if (!q->packed[s]) return -1;
        for (int64_t i = 0; i < n; i++) q->packed[s][i >> 2] |= (q->codes[s][i] & 3) << 2 * (i & 3);
    }
    return 0;
}

static void close_query(Query *q) {
    free((void *)q->codes[1]);
    free(q->packed[0]);
    free(q->packed[1]);
}

static const char *SCHEME = "iiiiiiiiiii";
static int read_scheme(PyObject *settings, Scheme *c) {
    if (!PyArg_ParseTuple(settings, SCHEME, &c->match, &c->mismatch, &c->open, &c->extend, &c->seed, &c->ungapped_drop,
                          &c->trigger, &c->drop, &c->last_drop, &c->cutoff, &c->most))
        return -1;
    if (c->match < 1 || c->match > 100 || c->mismatch > 0 || c->mismatch < -100 || c->open < 0 || c->open > 1000 ||
        c->extend < 1 || c->extend > 1000 || c->seed < 1 || c->seed > 15 || c->drop < 0 || c->last_drop < 0 ||
        c->last_drop > 6000 || c->most < 1) {
        refuse("the scoring scheme is out of range");
        return -1;
    }
    return 0;
}

static PyObject *find_hsps(PyObject *self, PyObject *args) {
    PyObject *settings, *payloads, *result = NULL;
    Py_buffer b[5] = {{0}};
    if (!PyArg_ParseTuple(args, "Oy*O!y*y*y*y*", &settings, &b[0], &PyList_Type, &payloads, &b[1], &b[2], &b[3], &b[4]))
        return release(b, 5), NULL;
    Scheme c;
    Query q = {0};
    Hunt search = {0};
    Eights table;
    Bench w = {0};
    const Py_ssize_t n = b[2].len, items = PyList_GET_SIZE(payloads);
    const uint32_t *item_of = b[1].buf;
    Py_buffer *views = calloc((size_t)items + 1, sizeof(Py_buffer));
    Packed *letters = calloc((size_t)items + 1, sizeof(Packed));
    int state = -1, opened = 0;
    if (!views || !letters || open_query(&q, b[0].buf, b[0].len) < 0) {
        PyErr_NoMemory();
        goto done;
    }
    if (read_scheme(settings, &c) < 0) goto done;
    search.flags = b[2].buf, search.queries = b[3].buf, search.targets = b[4].buf;
    int fits = b[1].len == 4 * n && b[3].len == 4 * n && b[4].len == 8 * n;
    for (Py_ssize_t i = 0; fits && i < n; i++)
        fits = item_of[i] < (size_t)items && (i == 0 || item_of[i] >= item_of[i - 1]) &&
               (int64_t)search.queries[i] + c.seed <= q.length && search.targets[i] > -8;
    for (; fits && opened < items; opened++) {
        if (PyObject_GetBuffer(PyList_GET_ITEM(payloads, opened), &views[opened], PyBUF_SIMPLE) < 0) goto done;
        if (open_letters(&views[opened], &letters[opened]) < 0) fits = 0;
    }
    if (!fits) {
        refuse("anchors do not fit their query or items, or a payload is damaged");
        goto done;
    }
    state = 0;
    fill_eights(&table, &c);
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t from = 0, to; state == 0 && from < n; from = to) {
        for (to = from + 1; to < n && item_of[to] == item_of[from]; to++) {}
        const int64_t first = search.n_hsps;
        search.n_starts = 0;
        state = try_anchors(&q, &letters[item_of[from]], &c, &table,
                            (int32_t)item_of[from], from, to, &search);
        if (state == 0) state = grow_starts(&q, &letters[item_of[from]], &c, (int32_t)item_of[from], first, &w, &search);
    }
    Py_END_ALLOW_THREADS
    if (state == -1) PyErr_NoMemory();
    else if (state < 0) refuse("an alignment left its band");
    else result = PyBytes_FromStringAndSize((const char *)search.hsps, search.n_hsps * (Py_ssize_t)sizeof(Hsp));
done:
    for (int i = 0; i < opened; i++) PyBuffer_Release(&views[i]);
    free(views), free(letters), free(search.starts), free(search.hsps);
    leave_bench(&w);
    close_query(&q);
    release(b, 5);
    return result;
}

static PyObject *trace_hsp(PyObject *self, PyObject *args) {
    PyObject *settings, *result = NULL;
    Py_buffer b[2] = {{0}};
    Hsp h = {0};
    Scheme c;
    Query q = {0};
    Packed t;
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
    if (read_scheme(settings, &c) < 0) goto done;
    if (open_letters(&b[1], &t) < 0 || q_at < 0 || t_at < 0 || q_at > q.length || t_at > t.length || h.strand < 0 ||
        h.strand > 1) {
        refuse("the pair lies outside of its sequences, or a payload is damaged");
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS state = align_through(&q, &t, &c, &w, &h);
    Py_END_ALLOW_THREADS
    if (state == -1) PyErr_NoMemory();
    else if (state < 0) refuse("an alignment left its band");
    else result = Py_BuildValue("LLLLiy#", (long long)h.q_start, (long long)h.q_end, (long long)h.t_start,
                                (long long)h.t_end, h.score, w.ops ? (const char *)w.ops : "", (Py_ssize_t)w.n_ops);
done:
    leave_bench(&w);
    close_query(&q);
    release(b, 2);
    return result;
}
