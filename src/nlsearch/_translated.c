/* The kernels of proteins beside translated nucleotides, a part of _kernels.c: the six frames of a payload, and the
 * places where a protein is similar to them.  nlsearch/kernels/translated.py says what each computes. */
#define UNKNOWN_RESIDUE 22 /* X */
#define CHUNK_CODONS 4096  /* a multiple of DEEP */
#define MOST_PLACES (1 << 24)
#define APART 64 /* residues of the query between two places at the same codons */

typedef struct {
    const uint8_t *plain; /* residues by first base × 16 + second × 4 + third */
    uint8_t ahead[64], back[64]; /* by three letters as they are packed, read forwards and on the other strand */
} Codons;

typedef struct { /* PLACE of nlsearch/kernels/translated.py */
    int32_t item, frame, start, end, q_start, q_end, score;
} Reached;

typedef struct {
    Reached *items;
    Py_ssize_t n, room;
} ReachedList;

static int prepare_codons(Codons *c, const Py_buffer *table) {
    c->plain = table->buf;
    if (table->len != 64) return refuse("a genetic code has 64 residues"), 0;
    for (int v = 0; v < 64; v++) {
        int x = v & 3, y = v >> 2 & 3, z = v >> 4;
        if (c->plain[v] >= CODES) return refuse("a byte of the genetic code is no residue"), 0;
        c->ahead[v] = c->plain[x << 4 | y << 2 | z];
        c->back[v] = c->plain[(3 - z) << 4 | (3 - y) << 2 | (3 - x)];
    }
    return 1;
}

static int64_t codons_of(const Target *l, int frame) {
    int64_t bases = l->length - (frame < 0 ? -frame : frame) + 1;
    return bases > 0 ? bases / 3 : 0;
}

/* Return the residue of three sets of bases, X if it is not the same for all. */
static uint8_t residue_of(const Codons *c, const uint8_t *sets, int back) {
    int found = -1;
    for (int v = 0; v < 64; v++) {
        if (!(sets[0] >> (v & 3) & 1 && sets[1] >> (v >> 2 & 3) & 1 && sets[2] >> (v >> 4) & 1)) continue;
        int own = back ? c->back[v] : c->ahead[v];
        if (found >= 0 && found != own) return UNKNOWN_RESIDUE;
        found = own;
    }
    return found < 0 ? UNKNOWN_RESIDUE : (uint8_t)found;
}

INLINE uint8_t set_of(const uint8_t *run) { return run[8] < 15 ? BASES[run[8]] : 15; }

/* Return the residue of the codon at `base`, of which the run number `run` is the first that may have a letter. */
static uint8_t odd_residue(const Codons *c, const Target *l, int64_t base, int64_t run, int back) {
    uint8_t sets[3];
    for (int k = 0; k < 3; k++) sets[k] = (uint8_t)(1 << (letters_at(l->packed, l->bytes, base + k) & 3));
    for (; run < l->n_runs && u32_at(l->runs + 12 * run) < base + 3; run++) {
        const uint8_t *p = l->runs + 12 * run;
        int64_t from = u32_at(p), to = from + u32_at(p + 4);
        for (int k = 0; k < 3; k++)
            if (base + k >= from && base + k < to) sets[k] = set_of(p);
    }
    return residue_of(c, sets, back);
}

/* Rewrite the codons with ambiguous letters among the `n` from `low` on. */
static void mend_odd(const Codons *c, const Target *l, int64_t low, int64_t n, int back, uint8_t *out) {
    int64_t first = 0, last = l->n_runs;
    while (first < last) { /* the first run that ends behind `low` */
        int64_t middle = (first + last) / 2;
        const uint8_t *p = l->runs + 12 * middle;
        if ((int64_t)u32_at(p) + u32_at(p + 4) <= low) first = middle + 1;
        else last = middle;
    }
    for (int64_t run = first; run < l->n_runs && u32_at(l->runs + 12 * run) < low + 3 * n; run++) {
        const uint8_t *p = l->runs + 12 * run, sets[3] = {set_of(p), set_of(p), set_of(p)};
        int64_t from = u32_at(p), to = from + u32_at(p + 4), k = from > low ? (from - low) / 3 : 0;
        const uint8_t inside = residue_of(c, sets, back);
        for (; k < n && low + 3 * k < to; k++) {
            int64_t base = low + 3 * k, before = run;
            while (before > first && (int64_t)u32_at(p - 12 * (run - before)) > base) before--;
            out[back ? n - 1 - k : k] = base >= from && base + 3 <= to ? inside : odd_residue(c, l, base, before, back);
        }
    }
}

/* Write the residues [first, first + n) of a frame. */
static void translate(const Codons *c, const Target *l, int frame, int64_t first, int64_t n, uint8_t *out) {
    const int back = frame < 0, skipped = (back ? -frame : frame) - 1;
    const int64_t low = back ? l->length - skipped - 3 * (first + n) : skipped + 3 * first;
    for (int64_t k = 0; k < n;) {
        uint64_t w = letters_at(l->packed, l->bytes, low + 3 * k);
        int64_t stop = k + 9 < n ? k + 9 : n;
        if (back)
            for (; k < stop; k++, w >>= 6) out[n - 1 - k] = c->back[w & 63];
        else
            for (; k < stop; k++, w >>= 6) out[k] = c->ahead[w & 63];
    }
    if (l->n_runs) mend_odd(c, l, low, n, back, out);
}

static int is_frame(int frame) { return frame && frame >= -3 && frame <= 3; }

/* translate_frame(table, payload, frame, first, out): residues of a frame. */
static PyObject *translate_frame(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    int frame;
    Py_ssize_t first;
    if (!PyArg_ParseTuple(args, "y*y*inw*", &b[0], &b[1], &frame, &first, &b[2])) return release(b, 3), NULL;
    Codons codons;
    Target letters;
    if (prepare_codons(&codons, &b[0])) {
        if (open_letters(&b[1], &letters) < 0) refuse("a payload is damaged");
        else if (!is_frame(frame) || first < 0 || first > codons_of(&letters, frame) - b[2].len)
            refuse("the residues lie outside of the frame");
        else {
            Py_BEGIN_ALLOW_THREADS
            translate(&codons, &letters, frame, first, b[2].len, b[2].buf);
            Py_END_ALLOW_THREADS
        }
    }
    release(b, 3);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* Note that residues [q, q_end) of the query score enough at some codons; what goes on along the query is one place. */
static int note_reached(ReachedList *list, const Reached *r) {
    for (Py_ssize_t i = list->n - 1; i >= 0 && i >= list->n - RECENT; i--) {
        Reached *last = &list->items[i];
        if (last->item != r->item || last->frame != r->frame || last->end < r->start) continue;
        if (last->q_end + APART <= r->q_start || r->q_end + APART <= last->q_start) continue;
        last->end = r->end;
        if (r->q_start < last->q_start) last->q_start = r->q_start;
        if (r->q_end > last->q_end) last->q_end = r->q_end;
        if (r->score > last->score) last->score = r->score;
        return 1;
    }
    if (list->n == list->room) {
        Py_ssize_t room = 2 * list->room + 64;
        Reached *more = room > MOST_PLACES ? NULL : realloc(list->items, (size_t)room * sizeof *more);
        if (!more) return 0;
        list->items = more, list->room = room;
    }
    list->items[list->n++] = *r;
    return 1;
}

/* Go once more over DEEP residues, and note at which residues of the query they score enough. */
static int note_deep(const Ungapped *u, const uint8_t *from, const int8_t *const *rows, int trigger, Reached r,
                     ReachedList *list) {
    const int cap = u->most - ZERO;
    r.q_end = -1;
    for (Py_ssize_t i = 0; i < u->width; i++) {
        int x = from[i] - ZERO;
        for (int k = 0; k < DEEP; k++) {
            x += rows[k][i + k], x = x < 0 ? 0 : x;
            if (k % 2) x = x > cap ? cap : x; /* as in deep_pass */
            if (x < trigger) continue;
            int32_t q = (int32_t)(i + k - DEEP);
            if (r.q_end >= 0 && q >= r.q_end + APART) {
                if (!note_reached(list, &r)) return 0;
                r.q_end = -1;
            }
            if (r.q_end < 0) r.q_start = q, r.q_end = q + 1, r.score = 0;
            if (q < r.q_start) r.q_start = q;
            if (q >= r.q_end) r.q_end = q + 1;
            if (x > r.score) r.score = x > cap ? cap : x;
        }
    }
    return r.q_end < 0 || note_reached(list, &r);
}

/* Look along one frame; the scores of all diagonals go on from one chunk to the next. */
static int look_along(Ungapped *u, const Codons *c, const Target *l, int32_t item, int frame, int trigger,
                      ReachedList *list) {
    uint8_t chunk[CHUNK_CODONS];
    const int8_t *rows[DEEP];
    const int64_t n = codons_of(l, frame);
    memset(u->from, ZERO, (size_t)u->stride), memset(u->to, ZERO, (size_t)u->stride);
    for (int64_t first = 0; first < n; first += CHUNK_CODONS) {
        int64_t many = n - first < CHUNK_CODONS ? n - first : CHUNK_CODONS;
        translate(c, l, frame, first, many, chunk);
        for (int64_t at = 0; at < many; at += DEEP) {
            for (int k = 0; k < DEEP; k++)
                rows[k] = u->profile + (at + k < many ? chunk[at + k] : CODES) * u->stride;
            int found = deep_pass(u->from, u->to + DEEP, rows, u->width, u->most) - ZERO;
            int64_t end = at + DEEP < many ? at + DEEP : many;
            Reached r = {item, frame, (int32_t)(first + at), (int32_t)(first + end), 0, 0, 0};
            if (found >= trigger && !note_deep(u, u->from, rows, trigger, r, list)) return 0;
            uint8_t *swap = u->from;
            u->from = u->to, u->to = swap;
        }
    }
    return 1;
}

static int look_in_all(Ungapped *u, const Codons *c, const Target *letters, Py_ssize_t n, int frames, int trigger,
                       ReachedList *list) {
    static const int FRAMES[6] = {1, 2, 3, -1, -2, -3};
    for (Py_ssize_t item = 0; item < n; item++)
        for (int k = 0; k < 6; k++)
            if (frames >> k & 1 && !look_along(u, c, &letters[item], (int32_t)item, FRAMES[k], trigger, list)) return 0;
    return 1;
}

/* translated_places(matrix, query, table, payloads, frames, trigger, cap) -> places, 28 bytes each. */
static PyObject *translated_places(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    PyObject *list, *answer = NULL;
    int frames, trigger, cap, highest = 0, fits = 1;
    if (!PyArg_ParseTuple(args, "y*y*y*O!iii", &b[0], &b[1], &b[2], &PyList_Type, &list, &frames, &trigger, &cap))
        return release(b, 3), NULL;
    const Py_ssize_t n = PyList_GET_SIZE(list);
    Py_ssize_t opened = 0;
    Py_buffer *views = calloc((size_t)n + 1, sizeof *views);
    Target *letters = calloc((size_t)n + 1, sizeof *letters);
    Codons codons;
    Ungapped u = {0};
    ReachedList found = {0};
    const int8_t *matrix = b[0].buf;
    if (!views || !letters) {
        PyErr_NoMemory();
        goto done;
    }
    if (!is_scheme(&b[0], &b[1]) || !prepare_codons(&codons, &b[2])) goto done;
    for (; opened < n; opened++) {
        if (PyObject_GetBuffer(PyList_GET_ITEM(list, opened), &views[opened], PyBUF_SIMPLE) < 0) goto done;
        fits = fits && open_letters(&views[opened], &letters[opened]) == 0;
    }
    for (Py_ssize_t i = 0; i < b[0].len; i++) highest = matrix[i] > highest ? matrix[i] : highest;
    if (!fits) refuse("a payload is damaged");
    else if (cap < 1 || cap + 2 * highest > 127) refuse("the cap and two scores of the matrix exceed 127");
    else if (trigger < 1 || trigger > cap || n > INT32_MAX) refuse("the trigger is out of range");
    else if (prepare_ungapped(&u, matrix, b[1].buf, b[1].len, cap)) {
        Py_BEGIN_ALLOW_THREADS
        fits = look_in_all(&u, &codons, letters, n, frames, trigger, &found);
        Py_END_ALLOW_THREADS
        if (fits) answer = PyBytes_FromStringAndSize((const char *)found.items, found.n * (Py_ssize_t)sizeof(Reached));
        else PyErr_NoMemory();
    }
done:
    for (Py_ssize_t i = 0; i < opened; i++) PyBuffer_Release(&views[i]);
    free(views), free(letters), free(found.items);
    free(u.profile), free(u.from), free(u.to);
    release(b, 3);
    return answer;
}
