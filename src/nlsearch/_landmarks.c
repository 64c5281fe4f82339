/* Landmarks of sounds: levels in bands, peaks among them, pairs of peaks, and sums of levels at the peaks of another
 * sound; part of _kernels.c.  nlsearch/kernels/landmarks.py says what is computed. */
#include <math.h>

/* Level of each band in each frame: ln(sum of weight * |spectrum|^2 over its bins + floor). */
static void levels_of(const float *spectrum, Py_ssize_t frames, Py_ssize_t bins, const int32_t *first,
                      const int32_t *edges, const float *weights, Py_ssize_t bands, float floor_power, float *power,
                      float *out) {
    for (Py_ssize_t t = 0; t < frames; t++, spectrum += 2 * bins, out += bands) {
        for (Py_ssize_t i = 0; i < bins; i++)
            power[i] = spectrum[2 * i] * spectrum[2 * i] + spectrum[2 * i + 1] * spectrum[2 * i + 1];
        for (Py_ssize_t b = 0; b < bands; b++) {
            const float *p = power + first[b] - edges[b];
            float sum = floor_power;
            for (int32_t i = edges[b]; i < edges[b + 1]; i++) sum += weights[i] * p[i];
            out[b] = logf(sum);
        }
    }
}

static PyObject *band_levels(PyObject *self, PyObject *args) {
    Py_buffer b[5] = {{0}};
    Py_ssize_t bins;
    float floor_power;
    if (!PyArg_ParseTuple(args, "y*ny*y*y*fw*", &b[0], &bins, &b[1], &b[2], &b[3], &floor_power, &b[4]))
        return release(b, 5), NULL;
    Py_ssize_t bands = b[1].len / 4, frames = bins > 0 ? b[0].len / 8 / bins : 0, held = b[3].len / 4;
    const int32_t *first = b[1].buf, *edges = b[2].buf;
    int fits = bins > 0 && b[0].len == frames * bins * 8 && b[2].len == (bands + 1) * 4 && bands > 0 &&
               b[4].len == frames * bands * 4 && edges[0] == 0 && edges[bands] == held;
    for (Py_ssize_t i = 0; fits && i < bands; i++)
        fits = edges[i] <= edges[i + 1] && first[i] >= 0 && first[i] + (edges[i + 1] - edges[i]) <= bins;
    float *power = fits ? malloc((size_t)bins * sizeof(float)) : NULL;
    if (power) {
        Py_BEGIN_ALLOW_THREADS
        levels_of(b[0].buf, frames, bins, first, edges, b[3].buf, bands, floor_power, power, b[4].buf);
        Py_END_ALLOW_THREADS
        free(power);
    }
    release(b, 5);
    if (!fits) return refuse("spectrum, bands and levels do not fit");
    if (!power) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* Take from each level the mean of the levels within `reach` bands of it. */
static PyObject *whiten_levels(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    Py_ssize_t bands, reach;
    if (!PyArg_ParseTuple(args, "y*nnw*", &b[0], &bands, &reach, &b[1])) return release(b, 2), NULL;
    Py_ssize_t frames = bands > 0 ? b[0].len / 4 / bands : 0;
    int fits = bands > 0 && reach >= 0 && b[0].len == frames * bands * 4 && b[1].len == b[0].len;
    double *sums = fits ? malloc((size_t)(bands + 1) * sizeof(double)) : NULL;
    if (sums) {
        const float *in = b[0].buf;
        float *out = b[1].buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t t = 0; t < frames; t++, in += bands, out += bands) {
            sums[0] = 0;
            for (Py_ssize_t i = 0; i < bands; i++) sums[i + 1] = sums[i] + (double)in[i];
            for (Py_ssize_t i = 0; i < bands; i++) {
                Py_ssize_t low = i > reach ? i - reach : 0, high = i + reach + 1 < bands ? i + reach + 1 : bands;
                out[i] = (float)((double)in[i] - (sums[high] - sums[low]) / (double)(high - low));
            }
        }
        Py_END_ALLOW_THREADS
        free(sums);
    }
    release(b, 2);
    if (!fits) return refuse("levels and bands do not fit");
    if (!sums) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

typedef struct { /* LANDMARK of nlsearch/kernels/landmarks.py */
    uint32_t frame, band;
    float level;
} Landmark;

/* Is the cell above `minimum`, higher than all before it within reach (by frame, then band) and no lower than those
 * after it? */
INLINE int is_peak(const float *levels, Py_ssize_t frames, Py_ssize_t bands, Py_ssize_t t, Py_ssize_t i,
                   Py_ssize_t reach_frames, Py_ssize_t reach_bands) {
    const float level = levels[t * bands + i];
    Py_ssize_t t0 = t > reach_frames ? t - reach_frames : 0;
    Py_ssize_t t1 = t + reach_frames < frames ? t + reach_frames : frames - 1;
    Py_ssize_t i0 = i > reach_bands ? i - reach_bands : 0, i1 = i + reach_bands < bands ? i + reach_bands : bands - 1;
    for (Py_ssize_t s = t0; s <= t1; s++)
        for (Py_ssize_t j = i0; j <= i1; j++) {
            const float other = levels[s * bands + j];
            if (other > level || (other == level && (s < t || (s == t && j < i)))) return 0;
        }
    return 1;
}

static PyObject *local_peaks(PyObject *self, PyObject *args) {
    Py_buffer b[1] = {{0}};
    Py_ssize_t bands, reach_frames, reach_bands, begin, end;
    float minimum;
    if (!PyArg_ParseTuple(args, "y*nnnfnn", &b[0], &bands, &reach_frames, &reach_bands, &minimum, &begin, &end))
        return release(b, 1), NULL;
    Py_ssize_t frames = bands > 0 ? b[0].len / 4 / bands : 0;
    if (bands <= 0 || b[0].len != frames * bands * 4 || reach_frames < 0 || reach_bands < 0 || begin < 0 ||
        end > frames || begin > end)
        return release(b, 1), refuse("levels, bands and reach do not fit");
    const float *levels = b[0].buf;
    size_t n = 0, room = 1024;
    Landmark *peaks = malloc(room * sizeof(Landmark));
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t t = begin; peaks && t < end; t++) {
        const float *row = levels + t * bands;
        for (Py_ssize_t i = 0; i < bands; i++) {
            if (row[i] <= minimum) continue;
            if (reach_bands && ((i && row[i - 1] >= row[i]) || (i + 1 < bands && row[i + 1] > row[i]))) continue;
            if (!is_peak(levels, frames, bands, t, i, reach_frames, reach_bands)) continue;
            if (n == room) {
                Landmark *more = realloc(peaks, (room *= 2) * sizeof(Landmark));
                if (!more) { free(peaks), peaks = NULL; break; }
                peaks = more;
            }
            peaks[n++] = (Landmark){(uint32_t)t, (uint32_t)i, row[i]};
        }
    }
    Py_END_ALLOW_THREADS
    release(b, 1);
    if (!peaks) return PyErr_NoMemory();
    PyObject *found = PyBytes_FromStringAndSize((const char *)peaks, (Py_ssize_t)(n * sizeof(Landmark)));
    free(peaks);
    return found;
}

typedef struct { /* LANDMARK_PAIR of nlsearch/kernels/landmarks.py */
    uint32_t first, second;
} LandmarkPair;

/* For each peak the next `fan` peaks, by frame and band, that are 1 to `most_frames` frames later and within
 * `most_bands` bands. */
static PyObject *peak_pairs(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    Py_ssize_t fan;
    long long most_frames, most_bands;
    if (!PyArg_ParseTuple(args, "y*y*nLL", &b[0], &b[1], &fan, &most_frames, &most_bands)) return release(b, 2), NULL;
    Py_ssize_t n = b[0].len / 4;
    if (b[0].len != n * 4 || b[1].len != n * 4 || fan < 1 || n > UINT32_MAX)
        return release(b, 2), refuse("frames and bands must be as many");
    const uint32_t *frames = b[0].buf, *bands = b[1].buf;
    size_t count = 0, room = (size_t)n * 4 + 16;
    LandmarkPair *pairs = malloc(room * sizeof(LandmarkPair));
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; pairs && i < n; i++) {
        Py_ssize_t left = fan;
        for (Py_ssize_t j = i + 1; j < n && left; j++) {
            long long later = (long long)frames[j] - frames[i], up = (long long)bands[j] - bands[i];
            if (later > most_frames) break;
            if (later < 1 || up > most_bands || -up > most_bands) continue;
            if (count == room) {
                LandmarkPair *more = realloc(pairs, (room *= 2) * sizeof(LandmarkPair));
                if (!more) { free(pairs), pairs = NULL; break; }
                pairs = more;
            }
            pairs[count++] = (LandmarkPair){(uint32_t)i, (uint32_t)j};
            left--;
        }
    }
    Py_END_ALLOW_THREADS
    release(b, 2);
    if (!pairs) return PyErr_NoMemory();
    PyObject *found = PyBytes_FromStringAndSize((const char *)pairs, (Py_ssize_t)(count * sizeof(LandmarkPair)));
    free(pairs);
    return found;
}

/* -------------------------------------------------------------------------------- votes with weights, the best kept */
typedef struct { /* BEST of nlsearch/kernels/voting.py */
    int64_t diagonal;
    uint32_t item, reading;
    float votes, expected;
} Best;

static int fewer_votes(const void *left, const void *right) {
    const Best *a = left, *b = right;
    if (a->votes != b->votes) return a->votes > b->votes ? -1 : 1;
    if (a->reading != b->reading) return a->reading < b->reading ? -1 : 1;
    return a->diagonal < b->diagonal ? -1 : a->diagonal > b->diagonal;
}

/* Keep `best` a heap of the most votes, the least on top. */
static void keep_best(Best *best, size_t *n, size_t most, Best one) {
    size_t at;
    if (*n < most) {
        at = (*n)++;
        while (at && fewer_votes(&best[(at - 1) / 2], &one) < 0) best[at] = best[(at - 1) / 2], at = (at - 1) / 2;
        best[at] = one;
        return;
    }
    if (fewer_votes(&one, &best[0]) >= 0) return;
    at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= *n) break;
        if (child + 1 < *n && fewer_votes(&best[child + 1], &best[child]) > 0) child++;
        if (fewer_votes(&best[child], &one) <= 0) break;
        best[at] = best[child], at = child;
    }
    best[at] = one;
}

typedef struct {
    const uint8_t *packed, *wanted;
    const uint64_t *item_starts, *begins, *ends;
    const uint32_t *positions, *readings;
    const float *weights;
    Py_ssize_t items, queries;
    uint64_t postings, axis, span, bias;
    int width, shift, flag_bits, bin_bits;
} Poll;

/* Give the weight of each seed of one reading to the bins of its diagonals. */
static void cast_votes(const Poll *p, Py_ssize_t from, Py_ssize_t to, float *bins, uint64_t n_bins) {
    const uint64_t mask = p->width < 8 ? ((uint64_t)1 << 8 * p->width) - 1 : UINT64_MAX;
    const uint64_t bytes = p->postings * (uint64_t)p->width;
    for (Py_ssize_t q = from; q < to; q++) {
        const float weight = p->weights[q];
        const uint64_t back = p->bias - p->positions[q];
        for (uint64_t i = p->begins[q]; i < p->ends[q]; i++) {
            uint64_t value = 0, at = i * (uint64_t)p->width;
            if (at + 8 <= bytes) memcpy(&value, p->packed + at, 8), value &= mask;
            else memcpy(&value, p->packed + at, (size_t)p->width);
            uint64_t bin = ((value >> p->flag_bits << p->shift) + back) >> p->bin_bits;
            if (bin < n_bins) bins[bin] += weight;
        }
    }
}

/* Return what the best of the places from bin `low` to `high` would get if their votes were normally distributed. */
static float best_of_normal(const float *bins, int64_t low, int64_t high) {
    double sum = 0, squares = 0;
    for (int64_t i = low; i < high; i++) {
        const double pair = (double)bins[i] + (double)bins[i + 1];
        sum += pair;
        squares += pair * pair;
    }
    const double count = (double)(high > low ? high - low : 1), mean = sum / count;
    const double variance = squares / count - mean * mean;
    return (float)(mean + sqrt((variance > 0 ? variance : 0) * 2 * log(count)));
}

/* Say for each item what the best place would get by chance: in it, or anywhere if that is more. */
static void best_by_chance(const Poll *p, const float *bins, uint64_t n_bins, float *expected) {
    const int64_t half = (int64_t)(p->span / 2), bias = (int64_t)p->bias, last = (int64_t)n_bins - 1;
    const float anywhere = best_of_normal(bins, 0, last);
    for (Py_ssize_t item = 0; item < p->items; item++) {
        const int64_t start = (int64_t)p->item_starts[item];
        const int64_t end = (int64_t)(item + 1 < p->items ? p->item_starts[item + 1] : p->axis);
        int64_t low = (start - half + bias) >> p->bin_bits, high = (end - half + bias) >> p->bin_bits;
        if (low < 0) low = 0;
        if (high > last) high = last;
        const float here = best_of_normal(bins, low, high);
        expected[item] = here > anywhere ? here : anywhere;
    }
}

static Py_ssize_t item_of(const Poll *p, uint64_t axis) {
    Py_ssize_t low = 0, gap = p->items;
    while (gap > 0) {
        Py_ssize_t half = gap / 2;
        if (p->item_starts[low + half] <= axis) low += half + 1, gap -= half + 1;
        else gap = half;
    }
    return low - 1;
}

/* Keep the best pairs of neighbouring bins that are no lower than the pairs beside them. */
static void keep_pairs(const Poll *p, const float *bins, uint64_t n_bins, uint32_t reading, const float *expected,
                       Best *best, size_t *n, size_t most) {
    float before = 0;
    for (uint64_t i = 0; i + 1 < n_bins; i++) {
        const float pair = bins[i] + bins[i + 1], after = i + 2 < n_bins ? bins[i + 1] + bins[i + 2] : 0;
        const float last = before;
        before = pair;
        if (pair <= 0 || pair < last || pair <= after) continue;
        if (*n == most && pair < best[0].votes) continue;
        int64_t diagonal = (int64_t)((i + 1) << p->bin_bits) - (int64_t)p->bias;
        int64_t middle = diagonal + (int64_t)(p->span / 2);
        if (middle < 0 || (uint64_t)middle >= p->axis) continue;
        Py_ssize_t item = item_of(p, (uint64_t)middle);
        if (item < 0 || (p->wanted && !p->wanted[item])) continue;
        keep_best(best, n, most, (Best){diagonal, (uint32_t)item, reading, pair, expected[item]});
    }
}

static int count_poll(const Poll *p, Best *best, size_t *n, size_t most) {
    const uint64_t n_bins = ((p->axis + p->bias) >> p->bin_bits) + 2;
    float *bins = malloc(n_bins * sizeof(float)), *expected = malloc(((size_t)p->items + 1) * sizeof(float));
    if (!bins || !expected) return free(bins), free(expected), -1;
    for (Py_ssize_t from = 0, to; from < p->queries; from = to) {
        for (to = from + 1; to < p->queries && p->readings[to] == p->readings[from];) to++;
        memset(bins, 0, n_bins * sizeof(float));
        cast_votes(p, from, to, bins, n_bins);
        best_by_chance(p, bins, n_bins, expected);
        keep_pairs(p, bins, n_bins, p->readings[from], expected, best, n, most);
    }
    free(bins);
    free(expected);
    qsort(best, *n, sizeof(Best), fewer_votes);
    return 0;
}

static int fits_poll(const Poll *p, const Py_buffer *b) {
    if (p->width < 1 || p->width > 8 || p->shift < 0 || p->shift > 31 || p->flag_bits < 0 || p->flag_bits > 8 ||
        p->bin_bits < 0 || p->bin_bits > 30 || p->span > UINT32_MAX || p->axis > INT64_MAX / 4)
        return 0;
    if (b[2].len != p->queries * 8 || b[3].len != p->queries * 8 || b[4].len != p->queries * 4 ||
        b[5].len != p->queries * 4 || (p->wanted && b[7].len != p->items))
        return 0;
    for (Py_ssize_t q = 0; q < p->queries; q++)
        if (p->begins[q] > p->ends[q] || p->ends[q] > p->postings) return 0;
    return 1;
}

static PyObject *vote_best(PyObject *self, PyObject *args) {
    Py_buffer b[8] = {{0}};
    Poll p = {0};
    Py_ssize_t most;
    unsigned long long axis, span;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*y*(iiiiKKn)", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &b[6], &b[7],
                          &p.width, &p.shift, &p.flag_bits, &p.bin_bits, &axis, &span, &most))
        return release(b, 8), NULL;
    p.packed = b[0].buf, p.item_starts = b[1].buf, p.begins = b[2].buf, p.ends = b[3].buf, p.positions = b[4].buf;
    p.weights = b[5].buf, p.readings = b[6].buf, p.wanted = b[7].len ? b[7].buf : NULL;
    p.items = b[1].len / 8, p.queries = b[6].len / 4, p.axis = axis, p.span = span;
    p.postings = p.width > 0 ? (uint64_t)(b[0].len / p.width) : 0;
    if (!fits_poll(&p, b) || most < 1 || most > 1000000)
        return release(b, 8), refuse("a range of postings is outside of the index, or settings are out of range");
    for (Py_ssize_t q = 0; q < p.queries; q++)
        if (p.positions[q] > p.bias) p.bias = p.positions[q];
    size_t n = 0;
    int state = -1;
    Best *best = malloc((size_t)most * sizeof(Best));
    if (best) {
        Py_BEGIN_ALLOW_THREADS state = count_poll(&p, best, &n, (size_t)most);
        Py_END_ALLOW_THREADS
    }
    release(b, 8);
    PyObject *found = state < 0 ? PyErr_NoMemory()
                                : PyBytes_FromStringAndSize((const char *)best, (Py_ssize_t)(n * sizeof(Best)));
    free(best);
    return found;
}

/* ------------------------------------------------------------------------------ clips beside places in recordings */
typedef struct { /* a payload of nlsearch/handlers/audio/payload.py, opened */
    const uint8_t *starts, *peaks;
    int64_t units, count;
} Recorded;

#define HEARD_START 56
#define HEARD_UNIT 32

static int open_recorded(const Py_buffer *b, Recorded *h) {
    const uint8_t *p = b->buf;
    if (b->len < HEARD_START || memcmp(p, "nlA1", 4)) return -1;
    h->units = u32_at(p + 4), h->count = u32_at(p + 8);
    int64_t head = u32_at(p + 12), at = HEARD_START + head;
    if (at + 4 * (h->units + 1) + 2 * h->count != b->len) return -1;
    h->starts = p + at, h->peaks = p + at + 4 * (h->units + 1);
    for (int64_t i = 0; i <= h->units; i++)
        if (u32_at(h->starts + 4 * i) > h->count || (i && u32_at(h->starts + 4 * i) < u32_at(h->starts + 4 * i - 4)))
            return -1;
    return 0;
}

typedef struct {
    const int8_t *levels;
    const float *worth;
    const int32_t *windows, *later, *up; /* of a window: first frame in the clip, how many, first row of its levels */
    Py_ssize_t n_windows, bands, moves;
} Scales;

/* Add up what the levels of one window are worth at the peaks of a recording, moved by each of the moves, and how many
 * peaks lie in it there. */
static void weigh_window(const Scales *s, const Recorded *h, const int32_t *window, int64_t target, double speed,
                         int reading, Py_ssize_t first_move, Py_ssize_t end_move, float *sums, uint32_t *held) {
    const int64_t begin = window[0], count = window[1], bands = s->bands;
    int64_t early = 0, late = 0, low_band = 0, high_band = 0; /* how far the moves reach */
    for (Py_ssize_t k = first_move; k < end_move; k++) {
        if (-s->later[k] > early) early = -s->later[k];
        if (s->later[k] > late) late = s->later[k];
        if (-s->up[k] > low_band) low_band = -s->up[k];
        if (s->up[k] > high_band) high_band = s->up[k];
    }
    uint32_t inner = 0;
    const int8_t *levels = s->levels + (int64_t)window[2] * s->bands;
    int64_t low = (int64_t)floor((double)target + speed * (double)(begin - 32));
    int64_t high = (int64_t)ceil((double)target + speed * (double)(begin + count + 32));
    int64_t first = low > 0 ? low / HEARD_UNIT : 0, last = high > 0 ? high / HEARD_UNIT + 1 : 0;
    if (first > h->units) first = h->units;
    if (last > h->units) last = h->units;
    for (int64_t unit = first; unit < last; unit++) {
        int64_t from = u32_at(h->starts + 4 * unit), to = u32_at(h->starts + 4 * unit + 4);
        for (int64_t i = from; i < to; i++) {
            const unsigned packed = h->peaks[2 * i] | (unsigned)h->peaks[2 * i + 1] << 8;
            const int64_t frame = unit * HEARD_UNIT + (packed & (HEARD_UNIT - 1));
            const int64_t at = (int64_t)rint((double)(frame - target) / speed) - begin;
            const int64_t band = (int64_t)(packed >> 8) + reading;
            const float *worth = s->worth + 256 * (packed >> 5 & 7) + 128;
            if (at >= early && at + late < count && band >= low_band && band + high_band < bands) {
                const int8_t *here = levels + at * bands + band;
                for (Py_ssize_t k = first_move; k < end_move; k++)
                    sums[k] += worth[here[s->later[k] * bands + s->up[k]]];
                inner++;
                continue;
            }
            for (Py_ssize_t k = first_move; k < end_move; k++) {
                const int64_t t = at + s->later[k], b = band + s->up[k];
                if (t < 0 || t >= count || b < 0 || b >= bands) continue;
                sums[k] += worth[levels[t * bands + b]];
                held[k]++;
            }
        }
    }
    for (Py_ssize_t k = first_move; k < end_move; k++) held[k] += inner;
}

static void weigh_windows(const Scales *s, const Recorded *h, int64_t target, double speed, int reading,
                          Py_ssize_t from, Py_ssize_t to, float *sums, uint32_t *held) {
    for (Py_ssize_t w = 0; w < s->n_windows; w++)
        weigh_window(s, h, s->windows + 3 * w, target, speed, reading, from, to, sums + w * s->moves,
                     held + w * s->moves);
}

/* Is a peak of some window, at the best of the moves tried, worth `least` or more? */
static int promises(const Scales *s, Py_ssize_t tried, float least, const float *sums, const uint32_t *held) {
    for (Py_ssize_t i = 0; i < s->n_windows * s->moves; i++)
        if (i % s->moves < tried && held[i] && sums[i] >= least * (float)held[i]) return 1;
    return 0;
}

static PyObject *weigh_places(PyObject *self, PyObject *args) {
    Py_buffer b[10] = {{0}}, payload = {0};
    PyObject *payloads;
    Scales s = {0};
    Py_ssize_t tried;
    float least;
    if (!PyArg_ParseTuple(args, "y*ny*y*O!y*y*y*(y*y*nf)w*w*", &b[0], &s.bands, &b[1], &b[2], &PyList_Type, &payloads,
                          &b[3], &b[4], &b[5], &b[6], &b[7], &tried, &least, &b[8], &b[9]))
        return release(b, 10), NULL;
    Py_ssize_t rows = s.bands > 0 ? b[0].len / s.bands : 0, places = b[3].len / 4, held = PyList_GET_SIZE(payloads);
    s.levels = b[0].buf, s.worth = b[1].buf, s.windows = b[2].buf, s.n_windows = b[2].len / 12;
    s.later = b[6].buf, s.up = b[7].buf, s.moves = b[6].len / 4;
    const uint32_t *row = b[3].buf;
    const int64_t *target = b[4].buf;
    const uint8_t *reading = b[5].buf;
    const Py_ssize_t cells = s.n_windows * s.moves;
    int fits = s.bands > 0 && b[0].len == rows * s.bands && b[1].len == 8192 && b[2].len == s.n_windows * 12 &&
               b[4].len == places * 8 && b[5].len == places && b[7].len == s.moves * 4 &&
               tried >= 0 && tried <= s.moves && b[8].len == places * cells * 4 && b[9].len == places * cells * 4;
    for (Py_ssize_t w = 0; fits && w < s.n_windows; w++) {
        const int32_t *window = s.windows + 3 * w;
        fits = window[1] >= 0 && window[2] >= 0 && (int64_t)window[2] + window[1] <= rows;
    }
    for (Py_ssize_t i = 0; fits && i < places; i++)
        fits = row[i] < (uint32_t)held && (!i || row[i - 1] <= row[i]) && reading[i] < 7 &&
               target[i] > -((int64_t)1 << 40) && target[i] < (int64_t)1 << 40;
    int damaged = 0;
    if (fits) memset(b[8].buf, 0, (size_t)b[8].len), memset(b[9].buf, 0, (size_t)b[9].len);
    for (Py_ssize_t i = 0, j; fits && !damaged && i < places; i = j) {
        Recorded heard;
        for (j = i; j < places && row[j] == row[i];) j++;
        if (PyObject_GetBuffer(PyList_GET_ITEM(payloads, row[i]), &payload, PyBUF_SIMPLE) < 0) { damaged = 2; break; }
        damaged = open_recorded(&payload, &heard) < 0;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t k = i; !damaged && k < j; k++) {
            const int shift = (int)reading[k] - 3;
            const double speed = exp2(shift / 36.0);
            float *sums = (float *)b[8].buf + k * cells;
            uint32_t *inside = (uint32_t *)b[9].buf + k * cells;
            weigh_windows(&s, &heard, target[k], speed, shift, 0, tried, sums, inside);
            if (promises(&s, tried, least, sums, inside))
                weigh_windows(&s, &heard, target[k], speed, shift, tried, s.moves, sums, inside);
        }
        Py_END_ALLOW_THREADS
        PyBuffer_Release(&payload);
    }
    release(b, 10);
    if (damaged == 2) return NULL;
    if (!fits || damaged) return refuse(fits ? "is not the payload of a recording" : "clip and places do not fit");
    Py_RETURN_NONE;
}
