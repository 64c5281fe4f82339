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
