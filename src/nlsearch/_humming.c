/* A hum beside lines of notes; part of _kernels.c, needs _melody.c.  nlsearch/kernels/hum.py says what is computed. */

#define FAR_OFF 1e9f /* a cost that is none, the pitch of a note that has none */
#define NO_PITCH 1e8f /* above it */
#define MOST_STEP 3 /* notes of either side that one step covers */
#define ROWS (MOST_STEP + 1)

typedef struct { /* HumCosts of nlsearch/kernels/hum.py, in its order */
    float pitch, most_pitch, time, most_time, ease, split, merged, changed, skipped;
    int most_skipped;
} HumCosts;

typedef struct {
    uint32_t item, line, start, end;
    float cost;
} HumPlace;

typedef struct {
    float *cost, *tempo, *known; /* tempo: octaves of time that the hum is slower; known: 1, or 0 before the first step */
    int32_t *start;
} HumRow;

typedef struct {
    HumCosts c;
    int64_t n; /* notes of the hum */
    const float *pitches, *gaps;
    double *onsets;
    int64_t room;         /* notes of a line that the buffers hold */
    float *pitch, *whole, *now, *times[MOST_STEP];
    double *onset;
    HumRow rows[ROWS], spare;
    float *floats;
    int32_t *starts;
} Humming;

static int make_room(Humming *h, int64_t notes) {
    if (notes <= h->room) return 0;
    const size_t room = (size_t)(2 * notes + 64);
    free(h->floats), free(h->starts), free(h->onset);
    h->room = 0;
    h->floats = malloc((3 + MOST_STEP + 3 * (ROWS + 1)) * room * sizeof(float));
    h->starts = malloc((ROWS + 1) * room * sizeof(int32_t));
    h->onset = malloc((room + 1) * sizeof(double));
    if (!h->floats || !h->starts || !h->onset) return NO_MEMORY;
    h->pitch = h->floats, h->whole = h->pitch + room, h->now = h->whole + room;
    for (int b = 0; b < MOST_STEP; b++) h->times[b] = h->floats + (size_t)(3 + b) * room;
    for (int r = 0; r <= ROWS; r++) {
        HumRow *row = r < ROWS ? &h->rows[r] : &h->spare;
        row->cost = h->floats + (size_t)(3 + MOST_STEP + 3 * r) * room;
        row->tempo = row->cost + room, row->known = row->tempo + room;
        row->start = h->starts + (size_t)r * room;
    }
    h->room = (int64_t)room;
    return 0;
}

/* Choose by a mask of all bits or none: a branch would keep loops from being vectorised. */
INLINE float either(int32_t better, float one, float other) {
    int32_t a, b;
    memcpy(&a, &one, 4), memcpy(&b, &other, 4);
    a = (a & better) | (b & ~better);
    memcpy(&one, &a, 4);
    return one;
}

/* One kind of step into a row: notes on of the hum, b notes on of the line.  All ways are worked out before the better
 * one into each cell is written, to another row, whichever it is: so both loops vectorise. */
CLONED static void hum_step(const HumCosts *c, const HumRow *from, const HumRow *row, const HumRow *into,
                            float *restrict whole, float *restrict now, const float *restrict pitch,
                            const float *restrict times, int64_t n, int64_t b, float interval, float time, float price) {
    const float most_pitch = c->most_pitch, most_time = c->most_time, keep = 1 - c->ease;
    const float of_pitch = c->pitch, of_time = c->time;
    const float *restrict was = from->cost, *restrict was_tempo = from->tempo, *restrict was_known = from->known;
    const float *restrict had = row->cost, *restrict had_tempo = row->tempo, *restrict had_known = row->known;
    const int32_t *restrict was_start = from->start, *restrict had_start = row->start;
    float *restrict cost = into->cost, *restrict tempo = into->tempo, *restrict known = into->known;
    int32_t *restrict start = into->start;
    for (int64_t j = b; j < n; j++) {
        const float pace = time - times[j], back = was_tempo[j - b] - pace;
        const float off = fabsf(interval - (pitch[j] - pitch[j - b])), late = fabsf(back);
        const float off_cost = of_pitch * (off < most_pitch ? off : most_pitch);
        const float late_cost = of_time * (late < most_time ? late : most_time);
        now[j] = pace + was_known[j - b] * (keep * back);
        whole[j] = was[j - b] + off_cost + was_known[j - b] * late_cost + price;
    }
    for (int64_t j = 0; j < b && j < n; j++)
        cost[j] = had[j], tempo[j] = had_tempo[j], known[j] = had_known[j], start[j] = had_start[j];
    for (int64_t j = b; j < n; j++) {
        const int32_t better = -(int32_t)(whole[j] < had[j]);
        cost[j] = either(better, whole[j], had[j]);
        tempo[j] = either(better, now[j], had_tempo[j]);
        known[j] = either(better, 1.0f, had_known[j]);
        start[j] = (was_start[j - b] & better) | (had_start[j] & ~better);
    }
}

static void hum_start(const Humming *h, int64_t i, int64_t n) {
    const HumRow *row = &h->rows[i % ROWS];
    const float cost = i <= h->c.most_skipped ? (float)i * h->c.skipped : FAR_OFF;
    for (int64_t j = 0; j < n; j++) 
        row->cost[j] = cost, row->tempo[j] = row->known[j] = 0, row->start[j] = (int32_t)j;
}

/* Lay the hum beside a line of n notes in the buffers; the best place. */
static HumPlace hum_line(Humming *h, int64_t n) {
    static const struct { int a, b, price; } steps[] = {{1, 1, 0}, {1, 2, 1}, {2, 1, 2}, {2, 2, 3}, {1, 3, 1}, {3, 1, 2}};
    const HumCosts *c = &h->c;
    const float prices[] = {0, c->split, c->merged, c->changed};
    HumPlace best = {0, 0, 0, 0, FAR_OFF};
    for (int64_t i = 0; i < h->n; i++) {
        HumRow *row = &h->rows[i % ROWS];
        hum_start(h, i, n);
        for (int s = 0; s < 6; s++) {
            const int64_t a = steps[s].a, b = steps[s].b;
            if (i < a) continue;
            const float interval = h->pitches[i] - h->pitches[i - a];
            const float time = log2f((float)(h->onsets[i] - h->onsets[i - a]));
            const float times = (float)((a > b ? a : b) - (a < b ? a : b));
            const float price = prices[steps[s].price] * (steps[s].price == 3 ? 1.0f : times);
            hum_step(c, &h->rows[(i - a) % ROWS], row, &h->spare, h->whole, h->now, h->pitch, h->times[b - 1], n, b,
                     interval, time, price);
            const HumRow filled = h->spare;
            h->spare = *row, *row = filled;
        }
        for (int64_t j = 0; j < n; j++) row->cost[j] = h->pitch[j] < NO_PITCH ? row->cost[j] : FAR_OFF;
        if (h->n - 1 - i > c->most_skipped) continue;
        const float left = (float)(h->n - 1 - i) * c->skipped;
        for (int64_t j = 0; j < n; j++)
            if (row->cost[j] + left < best.cost)
                best.cost = row->cost[j] + left, best.start = (uint32_t)row->start[j], best.end = (uint32_t)j + 1;
    }
    return best;
}

/* Work out what the steps need of a line whose pitches and onsets are in the buffers. */
static void hum_times(const Humming *h, int64_t n) {
    for (int b = 1; b <= MOST_STEP; b++)
        for (int64_t j = b; j < n; j++) {
            const double time = h->onset[j] - h->onset[j - b];
            h->times[b - 1][j] = log2f(time > 1e-6 ? (float)time : 1e-6f);
        }
}

typedef struct {
    HumPlace *found;
    int64_t n, room;
} HumPlaces;

static int note_hum(HumPlaces *p, HumPlace place) {
    if (p->n == p->room) {
        const int64_t room = p->room ? 2 * p->room : 256;
        HumPlace *more = realloc(p->found, (size_t)room * sizeof(HumPlace));
        if (!more) return NO_MEMORY;
        p->found = more, p->room = room;
    }
    p->found[p->n++] = place;
    return 0;
}

static int hum_lines(Humming *h, const Lines *t, uint32_t item, HumPlaces *places) {
    for (int64_t line = 0; line < t->lines; line++) {
        const int64_t low = u32_at(t->starts + 4 * line), n = (int64_t)u32_at(t->starts + 4 * line + 4) - low;
        if (!n) continue;
        if (make_room(h, n) < 0) return NO_MEMORY;
        h->onset[0] = 0;
        for (int64_t j = 0; j < n; j++) {
            h->pitch[j] = t->pitches[low + j] == MUTE ? FAR_OFF : (float)t->pitches[low + j];
            h->onset[j + 1] = h->onset[j] + u32_at(t->gaps + 4 * (low + j));
        }
        hum_times(h, n);
        HumPlace best = hum_line(h, n);
        best.item = item, best.line = (uint32_t)line, best.start += (uint32_t)low, best.end += (uint32_t)low;
        if (best.cost < FAR_OFF && note_hum(places, best) < 0) return NO_MEMORY;
    }
    return 0;
}

static int hum_payloads(Humming *h, PyObject *payloads, HumPlaces *places) {
    for (Py_ssize_t item = 0; item < PyList_GET_SIZE(payloads); item++) {
        Py_buffer view = {0};
        Lines t;
        if (PyObject_GetBuffer(PyList_GET_ITEM(payloads, item), &view, PyBUF_SIMPLE) < 0) return -1;
        if (open_lines(&view, &t) < 0) return refuse("a payload is damaged"), release(&view, 1), -1;
        int done;
        Py_BEGIN_ALLOW_THREADS
        done = hum_lines(h, &t, (uint32_t)item, places);
        Py_END_ALLOW_THREADS
        release(&view, 1);
        if (done < 0) return PyErr_NoMemory(), -1;
    }
    return 0;
}

/* The same of lines that are given as arrays. */
static int hum_arrays(Humming *h, const Py_buffer *b, HumPlaces *places) {
    const float *pitches = b[0].buf, *gaps = b[1].buf;
    const uint32_t *starts = b[2].buf;
    const int64_t lines = b[2].len / 4 - 1, notes = b[0].len / 4;
    if (b[0].len != b[1].len || lines < 0 || starts[0] != 0 || starts[lines] != notes) return refuse("the arrays of lines do not fit"), -1;
    for (int64_t line = 0; line < lines; line++) {
        const int64_t low = starts[line], n = (int64_t)starts[line + 1] - low;
        if (n < 0) return refuse("the arrays of lines do not fit"), -1;
        if (!n) continue;
        if (make_room(h, n) < 0) return PyErr_NoMemory(), -1;
        h->onset[0] = 0;
        for (int64_t j = 0; j < n; j++) {
            h->pitch[j] = pitches[low + j] == pitches[low + j] ? pitches[low + j] : FAR_OFF;
            h->onset[j + 1] = h->onset[j] + gaps[low + j];
        }
        hum_times(h, n);
        HumPlace best = hum_line(h, n);
        best.line = (uint32_t)line, best.start += (uint32_t)low, best.end += (uint32_t)low;
        if (best.cost < FAR_OFF && note_hum(places, best) < 0) return PyErr_NoMemory(), -1;
    }
    return 0;
}

/* find_hum(costs, pitches, gaps, payloads or None, pitches, gaps and starts of lines or None) -> places */
static PyObject *find_hum(PyObject *self, PyObject *args) {
    PyObject *payloads, *result = NULL;
    Py_buffer q[2] = {{0}}, b[3] = {{0}};
    Humming h = {0};
    HumPlaces places = {0};
    HumCosts *c = &h.c;
    if (!PyArg_ParseTuple(args, "(fffffffffi)y*y*Oz*z*z*", &c->pitch, &c->most_pitch, &c->time, &c->most_time, &c->ease,
                          &c->split, &c->merged, &c->changed, &c->skipped, &c->most_skipped, &q[0], &q[1], &payloads,
                          &b[0], &b[1], &b[2]))
        return release(q, 2), release(b, 3), NULL;
    h.n = q[0].len / 4, h.pitches = q[0].buf, h.gaps = q[1].buf;
    if (h.n < 1 || q[1].len != q[0].len || !(PyList_Check(payloads) || (b[0].buf && b[1].buf && b[2].buf))) {
        refuse("the arrays of a hum do not fit");
        goto done;
    }
    h.onsets = malloc((size_t)(h.n + 1) * sizeof(double));
    if (!h.onsets) {
        PyErr_NoMemory();
        goto done;
    }
    h.onsets[0] = 0;
    for (int64_t i = 0; i < h.n; i++) h.onsets[i + 1] = h.onsets[i] + (h.gaps[i] > 1e-6f ? h.gaps[i] : 1e-6f);
    if ((PyList_Check(payloads) ? hum_payloads(&h, payloads, &places) : hum_arrays(&h, b, &places)) == 0)
        result = PyBytes_FromStringAndSize((const char *)places.found, places.n * (Py_ssize_t)sizeof(HumPlace));
done:
    free(h.onsets), free(h.floats), free(h.starts), free(h.onset), free(places.found);
    release(q, 2), release(b, 3);
    return result;
}
