/* Pitch contours: how salient pitches are in spectra, the most salient path, and levels that a contour keeps to; part
 * of _kernels.c.  nlsearch/kernels/contours.py says what is computed. */
#include <math.h>

typedef struct { /* Folding of nlsearch/kernels/contours.py */
    Py_ssize_t bins, axis, harmonics, pitches, flat;
    const int32_t *below, *shifts;
    const float *share, *gains, *weights;
} Folding;

/* Take from each band the mean of `flat` bands around it, edges repeated; what is below 0 becomes 0. */
static void flatten(float *held, Py_ssize_t axis, Py_ssize_t flat, double *sums) {
    const Py_ssize_t before = flat / 2;
    sums[0] = 0;
    for (Py_ssize_t i = 0; i < axis + flat - 1; i++) {
        Py_ssize_t at = i - before;
        sums[i + 1] = sums[i] + (double)held[at < 0 ? 0 : at < axis ? at : axis - 1];
    }
    for (Py_ssize_t i = 0; i < axis; i++) {
        float left = held[i] - (float)((sums[i + flat] - sums[i]) / (double)flat);
        held[i] = left > 0 ? left : 0;
    }
}

static void saliences_of(const Folding *f, const float *spectrum, float *root, float *held, double *sums, float *out) {
    for (Py_ssize_t i = 0; i < f->bins; i++)
        root[i] = sqrtf(sqrtf(spectrum[2 * i] * spectrum[2 * i] + spectrum[2 * i + 1] * spectrum[2 * i + 1]));
    for (Py_ssize_t i = 0; i < f->axis; i++) {
        const float *at = root + f->below[i];
        held[i] = at[0] + f->share[i] * (at[1] - at[0]);
    }
    flatten(held, f->axis, f->flat, sums);
    memset(out, 0, (size_t)f->pitches * sizeof(float));
    for (Py_ssize_t h = 0; h < f->harmonics; h++) {
        const float *from = held + f->shifts[h], gain = f->gains[h];
        Py_ssize_t count = f->axis - f->shifts[h];
        if (count > f->pitches) count = f->pitches;
        for (Py_ssize_t p = 0; p < count; p++) out[p] += gain * from[p];
    }
    for (Py_ssize_t p = 0; p < f->pitches; p++) out[p] *= f->weights[p];
}

static PyObject *pitch_saliences(PyObject *self, PyObject *args) {
    Py_buffer b[7] = {{0}};
    Folding f = {0};
    if (!PyArg_ParseTuple(args, "y*nny*y*y*y*y*w*", &b[0], &f.bins, &f.flat, &b[1], &b[2], &b[3], &b[4], &b[5], &b[6]))
        return release(b, 7), NULL;
    Py_ssize_t frames = f.bins > 0 ? b[0].len / 8 / f.bins : 0;
    f.axis = b[1].len / 4, f.harmonics = b[3].len / 4, f.pitches = b[5].len / 4;
    f.below = b[1].buf, f.share = b[2].buf, f.shifts = b[3].buf, f.gains = b[4].buf, f.weights = b[5].buf;
    int fits = f.bins > 0 && b[0].len == frames * f.bins * 8 && f.flat > 0 && f.flat % 2 && f.axis > 0 &&
               b[2].len == b[1].len && b[4].len == b[3].len && b[6].len == frames * f.pitches * 4;
    for (Py_ssize_t i = 0; fits && i < f.axis; i++) fits = f.below[i] >= 0 && f.below[i] + 1 < f.bins;
    for (Py_ssize_t h = 0; fits && h < f.harmonics; h++) fits = f.shifts[h] >= 0 && f.shifts[h] <= f.axis;
    float *root = fits ? malloc((size_t)(f.bins + f.axis) * sizeof(float)) : NULL;
    double *sums = fits ? malloc((size_t)(f.axis + f.flat) * sizeof(double)) : NULL;
    int made = root && sums;
    if (made) {
        const float *spectrum = b[0].buf;
        float *out = b[6].buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t t = 0; t < frames; t++, spectrum += 2 * f.bins, out += f.pitches)
            saliences_of(&f, spectrum, root, root + f.bins, sums, out);
        Py_END_ALLOW_THREADS
    }
    free(root), free(sums);
    release(b, 7);
    if (!fits) return refuse("spectrum, folding and saliences do not fit");
    if (!made) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

enum { STAYED, ROSE, FELL, JUMPED };

/* One frame of the path: `total` is the gain of the best path into each pitch; `next` is room for as many. */
static float path_step(const float *gains, Py_ssize_t pitches, float step, float jump, const float *total, float *next,
                       uint8_t *how) {
    float best = -INFINITY;
    for (Py_ssize_t p = 0; p < pitches; p++) {
        float below = p ? total[p - 1] - step : -INFINITY, above = p + 1 < pitches ? total[p + 1] - step : -INFINITY;
        float value = total[p];
        uint8_t from = STAYED;
        if (below > value) value = below, from = ROSE;
        if (above > value) value = above, from = FELL;
        if (jump > value) value = jump, from = JUMPED;
        how[p] = from;
        next[p] = value + gains[p];
        if (next[p] > best) best = next[p];
    }
    return best;
}

static int64_t place_of(const float *values, Py_ssize_t count, float value) {
    for (Py_ssize_t i = 0; i < count; i++)
        if (values[i] == value) return i;
    return 0;
}

/* The pitch of each frame on the path of the greatest gain, -1 for none. */
static int path_of(const float *gains, Py_ssize_t frames, Py_ssize_t pitches, const float *prices, int64_t *chosen) {
    float *total = calloc((size_t)(2 * pitches), sizeof(float)), *next = total ? total + pitches : NULL, *room = total;
    uint8_t *how = malloc((size_t)(frames * pitches) + 1), *stayed = malloc((size_t)frames + 1);
    int64_t *sources = malloc((size_t)(frames + 1) * sizeof(int64_t));
    int made = total && how && stayed && sources;
    if (made) {
        float silent = 0, best = 0;
        for (Py_ssize_t i = 0; i < frames; i++) {
            sources[i] = best >= silent ? place_of(total, pitches, best) : -1;
            float jump = (best > silent ? best : silent) - prices[1];
            best = path_step(gains + i * pitches, pitches, prices[0], jump, total, next, how + i * pitches);
            float *held = total;
            total = next, next = held;
            stayed[i] = silent >= jump;
            silent = (stayed[i] ? silent : jump) + prices[2];
        }
        int64_t state = best >= silent ? place_of(total, pitches, best) : -1;
        for (Py_ssize_t i = frames - 1; i >= 0; i--) {
            chosen[i] = state;
            if (state < 0) state = stayed[i] ? -1 : sources[i];
            else if (how[i * pitches + state] == JUMPED) state = sources[i];
            else if (how[i * pitches + state] == FELL) state++;
            else if (how[i * pitches + state] == ROSE) state--;
        }
    }
    free(room), free(how), free(stayed), free(sources);
    return made;
}

static PyObject *salient_path(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    Py_ssize_t pitches;
    float prices[3];
    if (!PyArg_ParseTuple(args, "y*nfffw*", &b[0], &pitches, &prices[0], &prices[1], &prices[2], &b[1]))
        return release(b, 2), NULL;
    Py_ssize_t frames = b[1].len / 8;
    int fits = pitches > 0 && b[0].len == frames * pitches * 4, made = 0;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        made = path_of(b[0].buf, frames, pitches, prices, b[1].buf);
        Py_END_ALLOW_THREADS
    }
    release(b, 2);
    if (!fits) return refuse("gains, pitches and path do not fit");
    if (!made) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* Which level each pitch of a contour keeps to at the least cost: distances, at most `most`, and `change` for another
 * level.  NaN costs nothing. */
static int levels_kept(const float *pitches, Py_ssize_t count, const float *levels, Py_ssize_t many, float change,
                       float most, int64_t *chosen) {
    float *total = calloc((size_t)many + 1, sizeof(float));
    uint8_t *changed = calloc((size_t)(count * many) + 1, 1);
    int32_t *best = calloc((size_t)count + 1, sizeof(int32_t));
    int made = total && changed && best;
    if (made) {
        int32_t least = 0;
        for (Py_ssize_t i = 0; i < count; i++) {
            if (isnan(pitches[i])) continue;
            const float other = total[least] + change, pitch = pitches[i];
            uint8_t *flags = changed + i * many;
            best[i] = least;
            for (Py_ssize_t l = 0; l < many; l++) {
                float off = fabsf(pitch - levels[l]);
                flags[l] = other < total[l];
                total[l] = (other < total[l] ? other : total[l]) + (off < most ? off : most);
            }
            float low = INFINITY;
            for (Py_ssize_t l = 0; l < many; l++) low = total[l] < low ? total[l] : low;
            least = (int32_t)place_of(total, many, low);
        }
        int64_t level = least;
        for (Py_ssize_t i = count - 1; i >= 0; i--) {
            chosen[i] = level;
            if (changed[i * many + level]) level = best[i];
        }
    }
    free(total), free(changed), free(best);
    return made;
}

static PyObject *kept_levels(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    float change, most;
    if (!PyArg_ParseTuple(args, "y*y*ffw*", &b[0], &b[1], &change, &most, &b[2])) return release(b, 3), NULL;
    Py_ssize_t count = b[0].len / 4, many = b[1].len / 4;
    int fits = many > 0 && b[2].len == count * 8, made = 0;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        made = levels_kept(b[0].buf, count, b[1].buf, many, change, most, b[2].buf);
        Py_END_ALLOW_THREADS
    }
    release(b, 3);
    if (!fits) return refuse("pitches and levels do not fit");
    if (!made) return PyErr_NoMemory();
    Py_RETURN_NONE;
}
