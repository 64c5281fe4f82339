/* The kernels of the seed index, a part of _kernels.c: stable sorting of pairs, and voting on diagonals. */
#include <math.h>

#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)

/* Turn counts of digits into where each digit's run starts. */
static void starts_of(size_t *place) {
    size_t total = 0;
    for (int d = 0; d < DIGITS; d++) {
        size_t count = place[d];
        place[d] = total;
        total += count;
    }
}

/* Sort pairs as single numbers, key above value: least significant digit first, skipping digits that do not vary. */
static void sort_packed(uint64_t *keys, uint64_t *values, Py_ssize_t n, uint64_t varies, int value_bits, uint64_t *spare,
                        size_t *place) {
    uint64_t *from = spare, *to = spare + n, mask = ((uint64_t)1 << value_bits) - 1;
    for (Py_ssize_t i = 0; i < n; i++) from[i] = keys[i] << value_bits | values[i];
    for (int shift = 0; shift < 64 - value_bits; shift += DIGIT_BITS) {
        if (!(varies >> shift & (DIGITS - 1))) continue;
        const int at = shift + value_bits;
        memset(place, 0, DIGITS * sizeof(size_t));
        for (Py_ssize_t i = 0; i < n; i++) place[from[i] >> at & (DIGITS - 1)]++;
        starts_of(place);
        for (Py_ssize_t i = 0; i < n; i++) to[place[from[i] >> at & (DIGITS - 1)]++] = from[i];
        uint64_t *swap = from;
        from = to, to = swap;
    }
    for (Py_ssize_t i = 0; i < n; i++) keys[i] = from[i] >> value_bits, values[i] = from[i] & mask;
}

/* The same with keys and values apart. */
static void sort_apart(uint64_t *keys, uint64_t *values, Py_ssize_t n, uint64_t varies, uint64_t *spare, size_t *place) {
    uint64_t *from_keys = keys, *from_values = values, *to_keys = spare, *to_values = spare + n;
    for (int shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (!(varies >> shift & (DIGITS - 1))) continue;
        memset(place, 0, DIGITS * sizeof(size_t));
        for (Py_ssize_t i = 0; i < n; i++) place[from_keys[i] >> shift & (DIGITS - 1)]++;
        starts_of(place);
        for (Py_ssize_t i = 0; i < n; i++) {
            size_t to = place[from_keys[i] >> shift & (DIGITS - 1)]++;
            to_keys[to] = from_keys[i];
            to_values[to] = from_values[i];
        }
        uint64_t *swap = from_keys;
        from_keys = to_keys, to_keys = swap;
        swap = from_values;
        from_values = to_values, to_values = swap;
    }
    if (from_keys != keys) {
        memcpy(keys, from_keys, (size_t)n * sizeof(uint64_t));
        memcpy(values, from_values, (size_t)n * sizeof(uint64_t));
    }
}

/* Sort pairs by key, stably. */
static int radix_sort(uint64_t *keys, uint64_t *values, Py_ssize_t n) {
    uint64_t varies = 0, any_key = 0, any_value = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        varies |= keys[i] ^ keys[0];
        any_key |= keys[i];
        any_value |= values[i];
    }
    if (!varies) return 0;
    uint64_t *spare = malloc((size_t)n * 2 * sizeof(uint64_t));
    size_t *place = malloc(DIGITS * sizeof(size_t));
    if (!spare || !place) return free(spare), free(place), -1;
    int value_bits = 1;
    while (value_bits < 64 && any_value >> value_bits) value_bits++;
    if (value_bits < 64 && any_key << value_bits >> value_bits == any_key)
        sort_packed(keys, values, n, varies, value_bits, spare, place);
    else
        sort_apart(keys, values, n, varies, spare, place);
    free(spare);
    free(place);
    return 0;
}

static PyObject *pack_postings(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    Py_ssize_t width;
    if (!PyArg_ParseTuple(args, "y*nw*", &b[0], &width, &b[1])) return release(b, 2), NULL;
    Py_ssize_t n = b[0].len / 8;
    int fits = width >= 1 && width <= 8 && b[1].len / width == n && b[1].len % width == 0;
    if (fits) {
        const uint8_t *from = b[0].buf;
        uint8_t *to = b[1].buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < n; i++, from += 8, to += width)
            for (Py_ssize_t j = 0; j < width; j++) to[j] = from[j];
        Py_END_ALLOW_THREADS
    }
    release(b, 2);
    if (!fits) return refuse("values and packed bytes do not fit");
    Py_RETURN_NONE;
}

static PyObject *sort_pairs(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    if (!PyArg_ParseTuple(args, "w*w*", &b[0], &b[1])) return release(b, 2), NULL;
    int fits = b[0].len == b[1].len && b[0].len % 8 == 0, state = 0;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS state = radix_sort(b[0].buf, b[1].buf, b[0].len / 8);
        Py_END_ALLOW_THREADS
    }
    release(b, 2);
    if (!fits) return refuse("keys and values must be as many");
    if (state < 0) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* --------------------------------------------------------------------------------------------------------- voting */
typedef struct { /* a seed hit: its item and flag, its diagonal (biased to be positive) and the query seed */
    uint64_t place, diagonal;
    uint32_t seed;
} Vote;

typedef struct { /* a bin of diagonals with votes */
    uint64_t place, bin, low, high;
    uint32_t votes;
} Bin;

typedef struct { /* BAND of nlsearch/kernels/voting.py */
    int64_t low, high;
    uint32_t item, flag, votes, seeds;
} Band;

typedef struct {
    const uint8_t *packed, *flags;
    const uint64_t *item_starts, *begins, *ends;
    const uint32_t *positions;
    Py_ssize_t items, queries;
    int width, shift, flag_bits;
    uint64_t bin_width, min_votes, bias;
    Vote *hits;
    Bin *bins;
    Band *bands;
    size_t n_hits, n_bins, n_bands;
} Ballot;

INLINE uint64_t posting(const uint8_t *packed, int width, uint64_t i) {
    const uint8_t *p = packed + i * (uint64_t)width;
    uint64_t value = (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16;
    for (int j = 3; j < width; j++) value |= (uint64_t)p[j] << 8 * j;
    return value;
}

/* Return the biased diagonal of a posting and, in *opposite, whether its flag differs from the query's. */
INLINE uint64_t diagonal_of(const Ballot *b, Py_ssize_t q, uint64_t i, uint64_t *axis, uint64_t *opposite) {
    uint64_t value = posting(b->packed, b->width, i);
    *axis = value >> b->flag_bits << b->shift;
    *opposite = (value & (((uint64_t)1 << b->flag_bits) - 1)) != b->flags[q];
    return *opposite ? *axis + b->positions[q] + b->bias : *axis - b->positions[q] + b->bias;
}

/* Return the item at an axis position, -1 before the first. */
INLINE Py_ssize_t item_at(const uint64_t *item_starts, Py_ssize_t items, uint64_t axis) {
    Py_ssize_t low = 0, gap = items;
    while (gap > 0) {
        Py_ssize_t half = gap / 2;
        if (item_starts[low + half] <= axis) low += half + 1, gap -= half + 1;
        else gap = half;
    }
    return low - 1;
}

/* Count hits by bin in a small table, in which bins may fall together: what stays below the threshold there is below
 * it in truth.  Then take the hits whose bin or pair of bins may reach it.  Returns -1 without memory, -2 for a posting
 * outside of the items. */
static int collect(Ballot *b, uint64_t total) {
    uint64_t slots = 1024;
    while (slots < 2 * total && slots < ((uint64_t)1 << 22)) slots *= 2;
    const uint64_t mask = slots - 1, turn = slots / 2, least = b->min_votes < 65535 ? b->min_votes : 65535;
    uint16_t *table = calloc(slots, sizeof(uint16_t));
    size_t room = least > 1 ? 4096 : total;
    b->hits = malloc((room ? room : 1) * sizeof(Vote));
    if (!table || !b->hits) return free(table), -1;
    uint64_t axis, opposite;
    if (least > 1)
        for (Py_ssize_t q = 0; q < b->queries; q++)
            for (uint64_t i = b->begins[q]; i < b->ends[q]; i++) {
                uint64_t bin = diagonal_of(b, q, i, &axis, &opposite) / b->bin_width;
                uint16_t *slot = &table[(bin + opposite * turn) & mask];
                *slot += *slot < 65535;
            }
    for (Py_ssize_t q = 0; q < b->queries; q++)
        for (uint64_t i = b->begins[q]; i < b->ends[q]; i++) {
            uint64_t diagonal = diagonal_of(b, q, i, &axis, &opposite);
            if (least > 1) {
                uint64_t at = diagonal / b->bin_width + opposite * turn;
                uint64_t before = table[(at - 1) & mask], after = table[(at + 1) & mask];
                if (table[at & mask] + (before > after ? before : after) < least) continue;
            }
            if (b->n_hits == room) {
                room *= 2;
                Vote *more = realloc(b->hits, room * sizeof(Vote));
                if (!more) return free(table), -1;
                b->hits = more;
            }
            Py_ssize_t item = item_at(b->item_starts, b->items, axis);
            if (item < 0) return free(table), -2;
            b->hits[b->n_hits++] = (Vote){(uint64_t)item << 1 | opposite, diagonal, (uint32_t)q};
        }
    free(table);
    return 0;
}

/* Sort hits by item and flag, then by diagonal. */
static int sort_hits(Vote *hits, size_t n) {
    uint64_t varies[2] = {0, 0};
    for (size_t i = 1; i < n; i++) {
        varies[0] |= hits[i].diagonal ^ hits[0].diagonal;
        varies[1] |= hits[i].place ^ hits[0].place;
    }
    Vote *spare = malloc((n ? n : 1) * sizeof(Vote)), *from = hits, *to = spare;
    if (!spare) return -1;
    for (int digit = 0; digit < 16; digit++) {
        int of_place = digit >= 8, shift = 8 * (digit % 8);
        size_t place[257] = {0};
        if (!(varies[of_place] >> shift & 255)) continue;
        for (size_t i = 0; i < n; i++) place[((of_place ? from[i].place : from[i].diagonal) >> shift & 255) + 1]++;
        for (int d = 0; d < 256; d++) place[d + 1] += place[d];
        for (size_t i = 0; i < n; i++)
            to[place[(of_place ? from[i].place : from[i].diagonal) >> shift & 255]++] = from[i];
        Vote *swap = from;
        from = to, to = swap;
    }
    if (from != hits) memcpy(hits, from, n * sizeof(Vote));
    free(spare);
    return 0;
}

/* Turn sorted hits into bins, in each of which a query seed counts once. */
static int fill_bins(Ballot *b) {
    uint32_t *seen = calloc((size_t)b->queries + 1, sizeof(uint32_t));
    b->bins = malloc((b->n_hits ? b->n_hits : 1) * sizeof(Bin));
    if (!seen || !b->bins) return free(seen), -1;
    for (size_t i = 0; i < b->n_hits; i++) {
        const Vote *hit = &b->hits[i];
        uint64_t bin = hit->diagonal / b->bin_width;
        Bin *last = b->n_bins ? &b->bins[b->n_bins - 1] : NULL;
        if (!last || last->place != hit->place || last->bin != bin) {
            last = &b->bins[b->n_bins++];
            *last = (Bin){hit->place, bin, hit->diagonal, hit->diagonal, 0};
        }
        last->high = hit->diagonal;
        if (seen[hit->seed] != (uint32_t)b->n_bins) seen[hit->seed] = (uint32_t)b->n_bins, last->votes++;
    }
    free(seen);
    return 0;
}

INLINE uint64_t votes_beside(const Ballot *b, size_t i, size_t j) {
    const Bin *one = &b->bins[i], *other = &b->bins[j];
    return one->place == other->place && (one->bin + 1 == other->bin || other->bin + 1 == one->bin) ? other->votes : 0;
}

/* Join bins that reach the threshold, and touch, into bands. */
static int join_bins(Ballot *b) {
    b->bands = malloc((b->n_bins ? b->n_bins : 1) * sizeof(Band));
    if (!b->bands) return -1;
    Band *band = NULL;
    size_t previous = 0; /* the last bin of `band` */
    for (size_t i = 0; i < b->n_bins; i++) {
        const Bin *bin = &b->bins[i];
        uint64_t before = i ? votes_beside(b, i, i - 1) : 0, after = i + 1 < b->n_bins ? votes_beside(b, i, i + 1) : 0;
        uint64_t pair = bin->votes + (before > after ? before : after);
        if (pair < b->min_votes) continue;
        if (!band || previous + 1 != i || !before) {
            band = &b->bands[b->n_bands++];
            *band = (Band){(int64_t)(bin->low - b->bias), 0, (uint32_t)(bin->place >> 1), bin->place & 1, 0, 0};
        }
        previous = i;
        band->high = (int64_t)(bin->high - b->bias);
        if (pair > band->votes) band->votes = (uint32_t)pair;
        band->seeds += bin->votes;
    }
    return 0;
}

static int by_item_and_votes(const void *left, const void *right) {
    const Band *a = left, *b = right;
    if (a->item != b->item) return a->item < b->item ? -1 : 1;
    if (a->votes != b->votes) return a->votes > b->votes ? -1 : 1;
    if (a->flag != b->flag) return a->flag < b->flag ? -1 : 1;
    return a->low < b->low ? -1 : a->low > b->low;
}

static int count_votes(Ballot *b, uint64_t total) {
    int state = collect(b, total);
    if (state < 0) return state;
    if (sort_hits(b->hits, b->n_hits) < 0 || fill_bins(b) < 0 || join_bins(b) < 0) return -1;
    qsort(b->bands, b->n_bands, sizeof(Band), by_item_and_votes);
    return 0;
}

/* Return how many postings the ranges hold, or UINT64_MAX if one is outside of the `most` there are. */
static uint64_t postings_of(const Ballot *b, uint64_t most) {
    uint64_t total = 0;
    for (Py_ssize_t q = 0; q < b->queries; q++) {
        if (b->begins[q] > b->ends[q] || b->ends[q] > most || total > UINT32_MAX) return UINT64_MAX;
        total += b->ends[q] - b->begins[q];
    }
    return total;
}

/* Read a question into *ballot; `total` becomes the number of its postings.  Returns 0 with an exception set. */
static int open_ballot(PyObject *args, Py_buffer *b, Ballot *ballot, uint64_t *total) {
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*(iiiKK)", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &ballot->width,
                          &ballot->shift, &ballot->flag_bits, &ballot->bin_width, &ballot->min_votes))
        return 0;
    ballot->packed = b[0].buf, ballot->item_starts = b[1].buf, ballot->begins = b[2].buf, ballot->ends = b[3].buf;
    ballot->positions = b[4].buf, ballot->flags = b[5].buf, ballot->items = b[1].len / 8, ballot->queries = b[5].len;
    *total = UINT64_MAX;
    if (b[2].len / 8 == ballot->queries && b[3].len / 8 == ballot->queries && b[4].len / 4 == ballot->queries &&
        ballot->width >= 3 && ballot->width <= 8 && ballot->shift >= 0 && ballot->shift < 32 && ballot->flag_bits >= 0 &&
        ballot->flag_bits <= 8 && ballot->bin_width >= 1 && ballot->min_votes >= 1 && ballot->items <= INT32_MAX)
        *total = postings_of(ballot, (uint64_t)(b[0].len / ballot->width));
    if (*total > UINT32_MAX) {
        refuse("a range of postings is outside of the index, or settings are out of range");
        return 0;
    }
    uint64_t farthest = 0;
    for (Py_ssize_t q = 0; q < ballot->queries; q++)
        if (ballot->positions[q] > farthest) farthest = ballot->positions[q];
    ballot->bias = (farthest / ballot->bin_width + 1) * ballot->bin_width;
    return 1;
}

static PyObject *close_ballot(Ballot *ballot, Py_buffer *b, PyObject *answer) {
    free(ballot->hits);
    free(ballot->bins);
    free(ballot->bands);
    release(b, 6);
    return answer;
}

static PyObject *vote(PyObject *self, PyObject *args) {
    Py_buffer b[6] = {{0}};
    Ballot ballot = {0};
    PyObject *bands = NULL;
    uint64_t total;
    int state = 0;
    if (!open_ballot(args, b, &ballot, &total)) return close_ballot(&ballot, b, NULL);
    Py_BEGIN_ALLOW_THREADS state = count_votes(&ballot, total);
    Py_END_ALLOW_THREADS
    if (state == -1) PyErr_NoMemory();
    else if (state == -2) refuse("a posting lies before the first item");
    else bands = PyBytes_FromStringAndSize((const char *)ballot.bands, (Py_ssize_t)(ballot.n_bands * sizeof(Band)));
    return close_ballot(&ballot, b, bands);
}

/* The seed hits in bins that reach the threshold, by item, flag and diagonal: ANCHOR of nlsearch/kernels/voting.py. */
typedef struct {
    int64_t target;
    uint32_t item, seed;
    uint64_t flag;
} Anchor;

static PyObject *anchors(PyObject *self, PyObject *args) {
    Py_buffer b[6] = {{0}};
    Ballot ballot = {0};
    PyObject *found = NULL;
    uint64_t total;
    int state = 0;
    if (!open_ballot(args, b, &ballot, &total)) return close_ballot(&ballot, b, NULL);
    Py_BEGIN_ALLOW_THREADS
    state = collect(&ballot, total);
    if (state == 0 && sort_hits(ballot.hits, ballot.n_hits) < 0) state = -1;
    Py_END_ALLOW_THREADS
    if (state == -1) PyErr_NoMemory();
    else if (state == -2) refuse("a posting lies before the first item");
    else found = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(ballot.n_hits * sizeof(Anchor)));
    Anchor *out = found ? (Anchor *)PyBytes_AS_STRING(found) : NULL;
    for (size_t i = 0; out && i < ballot.n_hits; i++) {
        const Vote *hit = &ballot.hits[i];
        const uint64_t opposite = hit->place & 1;
        int64_t diagonal = (int64_t)(hit->diagonal - ballot.bias), q = ballot.positions[hit->seed];
        int64_t axis = opposite ? diagonal - q : diagonal + q;
        uint32_t item = (uint32_t)(hit->place >> 1);
        out[i] = (Anchor){axis - (int64_t)ballot.item_starts[item], item, hit->seed, opposite};
    }
    return close_ballot(&ballot, b, found);
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
        Py_ssize_t item = item_at(p->item_starts, p->items, (uint64_t)middle);
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
