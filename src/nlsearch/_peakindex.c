/* The kernel of the peak index, a part of _kernels.c: what the peaks of all items are worth beside those of a query. */

typedef struct {
    double score;
    float best;
    uint16_t stamp, count;
} Tally;

INLINE float log2_of(float x) { /* for positive normal numbers; within 3e-7 */
    union { float f; uint32_t u; } bits = {x};
    int32_t e = (int32_t)(bits.u >> 23) - 127;
    bits.u = (bits.u & 0x007FFFFFu) | 0x3F800000u;
    float m = bits.f;
    int32_t high = m > 1.41421356f;
    m = high ? m * 0.5f : m;
    e += high;
    float t = (m - 1.0f) / (m + 1.0f), q = t * t;
    float series = 2.0f * t * (1.0f + q * (1.0f / 3 + q * (0.2f + q * (1.0f / 7 + q * (1.0f / 9)))));
    return (float)e + series * 1.44269504f;
}

CLONED static void entropy_gains(float own, const float *weights, float *out, Py_ssize_t n) {
    const float own_term = own * log2_of(own);
    for (Py_ssize_t i = 0; i < n; i++) {
        float w = weights[i], both = own + w;
        out[i] = 0.5f * (both * log2_of(both) - own_term - w * log2_of(w));
    }
}

INLINE void tally(Tally *t, float gain, uint16_t stamp) {
    if (t->stamp != stamp) {
        t->stamp = stamp;
        t->best = gain;
        t->score += gain;
        t->count++;
    } else if (gain > t->best) {
        t->score += gain - t->best;
        t->best = gain;
    }
}

typedef struct {
    const float *positions, *weights, *exponents, *scales;
    const uint32_t *items, *by_loss;
    const double *references;
    Py_ssize_t n, rows;
} Index;

static Py_ssize_t first_from(const Index *x, double from) {
    Py_ssize_t low = 0, high = x->n;
    while (low < high) {
        Py_ssize_t half = low + (high - low) / 2;
        if ((double)x->positions[half] < from) low = half + 1;
        else high = half;
    }
    return low;
}

INLINE double loss_at(const Index *x, Py_ssize_t i) {
    uint32_t at = x->by_loss[i];
    return x->references[x->items[at]] - (double)x->positions[at];
}

static Py_ssize_t first_loss_from(const Index *x, double from, Py_ssize_t losses) {
    Py_ssize_t low = 0, high = losses;
    while (low < high) {
        Py_ssize_t half = low + (high - low) / 2;
        if (loss_at(x, half) < from) low = half + 1;
        else high = half;
    }
    return low;
}

#define BATCH 256
/* Add what the peaks [low, high) of an order are worth beside a peak of weight `own`. */
static void add_window(const Index *x, const uint32_t *order, Py_ssize_t low, Py_ssize_t high, float own, int product,
                       uint16_t stamp, Tally *tallies) {
    float weights[BATCH], gains[BATCH];
    uint32_t items[BATCH];
    for (Py_ssize_t start = low; start < high; start += BATCH) {
        Py_ssize_t n = high - start < BATCH ? high - start : BATCH;
        for (Py_ssize_t i = 0; i < n; i++) {
            Py_ssize_t at = order ? order[start + i] : start + i;
            items[i] = x->items[at];
            weights[i] = x->weights[at];
        }
        if (product)
            for (Py_ssize_t i = 0; i < n; i++) {
                float e = x->exponents[items[i]];
                gains[i] = own * x->scales[items[i]] * (e == 1 ? weights[i] : powf(weights[i], e));
            }
        else entropy_gains(own, weights, gains, n);
        for (Py_ssize_t i = 0; i < n; i++) tally(&tallies[items[i]], gains[i], stamp);
    }
}

static int items_fit(const Index *x, Py_ssize_t losses) {
    uint32_t most = 0, far = 0;
    for (Py_ssize_t i = 0; i < x->n; i++) most = x->items[i] > most ? x->items[i] : most;
    for (Py_ssize_t i = 0; i < losses; i++) far = x->by_loss[i] > far ? x->by_loss[i] : far;
    return (!x->n || (Py_ssize_t)most < x->rows) && (!losses || (Py_ssize_t)far < x->n);
}

/* check_peaks(items, by_loss, rows) -> whether every number points at something. */
static PyObject *check_peaks(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    Index x = {0};
    if (!PyArg_ParseTuple(args, "y*y*n", &b[0], &b[1], &x.rows)) return release(b, 2), NULL;
    x.items = b[0].buf, x.by_loss = b[1].buf, x.n = b[0].len / 4;
    int good = items_fit(&x, b[1].len / 4);
    release(b, 2);
    return PyBool_FromLong(good);
}

/* tally_peaks(positions, items, weights, by_loss, references, exponents, scales, query, tolerance, relative, product,
 * modes, reference, scores, counts): sums of the best gains of each query peak, by row. */
static PyObject *tally_peaks(PyObject *self, PyObject *args) {
    Py_buffer b[10] = {{0}};
    double tolerance, reference;
    int relative, product, modes;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*y*diiidw*w*", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &b[6], &b[7],
                          &tolerance, &relative, &product, &modes, &reference, &b[8], &b[9]))
        return release(b, 10), NULL;
    Index x = {b[0].buf, b[2].buf, b[5].buf, b[6].buf, b[1].buf, b[3].buf, b[4].buf, b[0].len / 4, b[4].len / 8};
    Py_ssize_t losses = b[3].len / 4, peaks = b[7].len / 12;
    int fits = b[1].len / 4 == x.n && b[2].len / 4 == x.n && b[5].len / 4 == x.rows && b[6].len / 4 == x.rows &&
               b[8].len / 8 == x.rows && b[9].len / 2 == x.rows && peaks < 65535;
    Tally *tallies = fits ? calloc((size_t)(x.rows ? x.rows : 1), sizeof(Tally)) : NULL;
    if (tallies) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t k = 0; k < peaks; k++) {
            double position;
            float own;
            memcpy(&position, (const uint8_t *)b[7].buf + 12 * k, 8);
            memcpy(&own, (const uint8_t *)b[7].buf + 12 * k + 8, 4);
            double width = relative ? fabs(position) * tolerance * 1e-6 : tolerance;
            if (!(own > 0)) continue;
            if (modes & 1) {
                Py_ssize_t low = first_from(&x, position - width), high = low;
                while (high < x.n && (double)x.positions[high] <= position + width) high++;
                add_window(&x, NULL, low, high, own, product, (uint16_t)(k + 1), tallies);
            }
            if (modes & 2) {
                double loss = reference - position, slack = 1e-9 * (fabs(reference) + 1);
                Py_ssize_t low = first_loss_from(&x, loss - width - slack, losses), high = low;
                while (high < losses && loss_at(&x, high) <= loss + width + slack) high++;
                add_window(&x, x.by_loss, low, high, own, product, (uint16_t)(k + 1), tallies);
            }
        }
        double *scores = b[8].buf;
        uint16_t *counts = b[9].buf;
        for (Py_ssize_t r = 0; r < x.rows; r++) scores[r] = tallies[r].score, counts[r] = tallies[r].count;
        Py_END_ALLOW_THREADS
    }
    free(tallies);
    release(b, 10);
    if (!fits) return refuse("the arrays of a peak index do not fit");
    if (!tallies) return PyErr_NoMemory();
    Py_RETURN_NONE;
}
