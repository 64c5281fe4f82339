/* The kernels of peak lists, a part of _kernels.c: cleaning, and similarities of two lists.
 * nlsearch/kernels/peaklists.py says what each computes; positions of cleaned peaks are in single precision, as published. */
#include <math.h>

typedef struct {
    float position, intensity;
    int32_t source; /* which peak of the record it is, -1 if it was merged from several */
} Peak;

typedef struct {
    int32_t metric, optimal, axis, relative, clean, at_least, positive, base;
    double tolerance, merge, noise, gap, reference, intensity_power, mz_power, low, high;
} Settings; /* as kernels/peaklists.py packs it */

enum { ENTROPY, COSINE, MODIFIED, NEUTRAL_LOSS, HYBRID };
#define HEADER 16
#define MOST_PAIRS (1 << 22)
#define FAR 1e15f                /* positions beyond lie on no axis */
#define LOUD 1125899906842624.0f /* 2^50: if the highest is above, moments would overflow; below its inverse, vanish */
#define HEAVY 1e300              /* powers beyond count as this */

/* ------------------------------------------------------------------------------------------------------- cleaning */
typedef struct {
    Peak *peaks;
    double *weights; /* of the entropy similarity, or plain powers for the cosine */
    Py_ssize_t n, room;
    float apart, apart_relative; /* smallest distances before anything is merged */
    double exponent, norm;
    Peak *spare;
    uint32_t *order;
} List;

static int widen(List *l, Py_ssize_t n) {
    if (l->peaks && n <= l->room) return 1;
    Py_ssize_t room = n + 64;
    Peak *peaks = realloc(l->peaks, (size_t)room * sizeof(Peak));
    if (peaks) l->peaks = peaks;
    Peak *spare = realloc(l->spare, (size_t)room * sizeof(Peak));
    if (spare) l->spare = spare;
    double *weights = realloc(l->weights, (size_t)room * sizeof(double));
    if (weights) l->weights = weights;
    uint32_t *order = realloc(l->order, (size_t)room * 2 * sizeof(uint32_t));
    if (order) l->order = order;
    if (!peaks || !spare || !weights || !order) return 0;
    l->room = room;
    return 1;
}

static void drop_list(List *l) {
    free(l->peaks), free(l->spare), free(l->weights), free(l->order);
}

static int by_position(const void *a, const void *b) {
    float p = ((const Peak *)a)->position, q = ((const Peak *)b)->position;
    return p < q ? -1 : p > q;
}

/* Order by intensity, highest first; of equal ones the later first.  A stable merge sort upwards, read backwards. */
static void order_by_intensity(List *l) {
    uint32_t *from = l->order, *to = l->order + l->n;
    Py_ssize_t n = l->n;
    for (Py_ssize_t i = 0; i < n; i++) from[i] = (uint32_t)i;
    for (Py_ssize_t width = 1; width < n; width *= 2) {
        for (Py_ssize_t at = 0; at < n; at += 2 * width) {
            Py_ssize_t a = at, end_a = at + width < n ? at + width : n, b = end_a;
            Py_ssize_t end_b = at + 2 * width < n ? at + 2 * width : n, out = at;
            while (a < end_a && b < end_b)
                to[out++] = l->peaks[from[b]].intensity < l->peaks[from[a]].intensity ? from[b++] : from[a++];
            while (a < end_a) to[out++] = from[a++];
            while (b < end_b) to[out++] = from[b++];
        }
        uint32_t *swap = from;
        from = to, to = swap;
    }
    if (from != l->order) memcpy(l->order, from, (size_t)n * sizeof(uint32_t));
}

static int is_merged(const List *l, const Settings *s) {
    const float apart = (float)s->merge, share = (float)(s->merge * 1e-6);
    for (Py_ssize_t i = 1; i < l->n; i++) {
        float distance = l->peaks[i].position - l->peaks[i - 1].position;
        if (!(distance >= (s->relative ? l->peaks[i].position * share : apart))) return 0;
    }
    return 1;
}

/* Merge around each peak, the highest first, what lies within the distance. */
static void merge_once(List *l, const Settings *s) {
    Py_ssize_t found = 0;
    order_by_intensity(l);
    for (Py_ssize_t k = l->n; k-- > 0;) {
        Py_ssize_t at = l->order[k], left = at, right = at + 1;
        if (!(l->peaks[at].intensity > 0)) continue;
        float own = l->peaks[at].position, below = (float)s->merge, above = (float)s->merge;
        if (s->relative) {
            below = own * (float)s->merge * 1e-6f;
            above = own / (1.0f - (float)(s->merge * 1e-6)) - own;
        }
        while (left > 0 && own - l->peaks[left - 1].position <= below) left--;
        while (right < l->n && l->peaks[right].position - own <= above) right++;
        float sum = 0, moment = 0;
        for (Py_ssize_t i = left; i < right; i++) {
            sum += l->peaks[i].intensity;
            moment += l->peaks[i].intensity * l->peaks[i].position;
        }
        Peak whole = {moment / sum, sum, -1};
        if (sum == l->peaks[at].intensity) whole.source = l->peaks[at].source;
        l->spare[found++] = whole;
        for (Py_ssize_t i = left; i < right; i++) l->peaks[i].intensity = 0;
    }
    Peak *swap = l->peaks;
    l->peaks = l->spare, l->spare = swap;
    l->n = found;
    qsort(l->peaks, (size_t)found, sizeof(Peak), by_position);
}

static void drop_noise(List *l, const Settings *s) {
    float most = 0;
    for (Py_ssize_t i = 0; i < l->n; i++)
        if (l->peaks[i].intensity > most) most = l->peaks[i].intensity;
    const float least = (float)s->noise * most;
    Py_ssize_t kept = 0;
    for (Py_ssize_t i = 0; i < l->n; i++)
        if (l->peaks[i].intensity >= least) l->peaks[kept++] = l->peaks[i];
    l->n = kept;
}

static void measure(List *l) {
    l->apart = l->apart_relative = INFINITY;
    for (Py_ssize_t i = 1; i < l->n; i++) {
        float distance = l->peaks[i].position - l->peaks[i - 1].position;
        float share = l->peaks[i].position > 0 ? distance / l->peaks[i].position : 0;
        if (distance < l->apart) l->apart = distance;
        if (share < l->apart_relative) l->apart_relative = share;
    }
}

/* Scale intensities that are too high or too low to be added up by a power of two; what then is nothing goes. */
static void moderate(List *l) {
    float most = 0;
    for (Py_ssize_t i = 0; i < l->n; i++)
        if (l->peaks[i].intensity > most) most = l->peaks[i].intensity;
    if (most <= LOUD && most >= 1 / LOUD) return;
    int exponent;
    frexpf(most, &exponent);
    const double factor = ldexp(1, -exponent);
    Py_ssize_t kept = 0;
    for (Py_ssize_t i = 0; i < l->n; i++) {
        Peak peak = l->peaks[i];
        peak.intensity = (float)(peak.intensity * factor);
        if (peak.intensity > 0) l->peaks[kept++] = peak;
    }
    l->n = kept;
}

/* Take the peaks of a record, ascending by position, clean them as asked and normalise their sum to 1. */
static int take(List *l, const Settings *s, const uint8_t *positions, const uint8_t *intensities, Py_ssize_t n,
                double reference) {
    if (!widen(l, n)) return 0;
    const float limit = s->clean && reference > 0 ? (float)(reference - s->gap) : INFINITY;
    const float least = s->positive ? 0 : -FAR;
    l->n = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        double position;
        float intensity;
        memcpy(&position, positions + 8 * i, 8);
        memcpy(&intensity, intensities + 4 * i, 4);
        Peak peak = {(float)position, intensity, (int32_t)i};
        if (intensity > 0 && intensity < INFINITY && peak.position > least && peak.position < FAR &&
            peak.position <= limit)
            l->peaks[l->n++] = peak;
    }
    moderate(l);
    measure(l);
    if (s->clean) {
        for (Py_ssize_t before = l->n + 1; s->merge > 0 && l->n < before && !is_merged(l, s);) {
            before = l->n;
            merge_once(l, s);
        }
        drop_noise(l, s);
    }
    double sum = 0;
    for (Py_ssize_t i = 0; i < l->n; i++) sum += l->peaks[i].intensity;
    for (Py_ssize_t i = 0; i < l->n; i++) l->peaks[i].intensity = (float)(l->peaks[i].intensity / sum);
    return 1;
}

static int of_entropy(const Settings *s) {
    return s->metric == ENTROPY || s->metric == HYBRID || (s->metric == NEUTRAL_LOSS && s->base == ENTROPY);
}

/* Weights of the entropy similarity (Li 2021) or of the cosine, whose norm is 1. */
static void weigh(List *l, const Settings *s) {
    double sum = 0, most = 0;
    l->exponent = 1;
    if (of_entropy(s)) {
        double entropy = 0;
        for (Py_ssize_t i = 0; i < l->n; i++)
            if (l->peaks[i].intensity > 0) entropy -= l->peaks[i].intensity * log(l->peaks[i].intensity);
        if (entropy < 3) l->exponent = 0.25 + 0.25 * entropy;
        for (Py_ssize_t i = 0; i < l->n; i++) {
            double own = l->peaks[i].intensity;
            sum += l->weights[i] = l->exponent == 1 ? own : pow(own, l->exponent);
        }
    } else {
        for (Py_ssize_t i = 0; i < l->n; i++) {
            double own = l->peaks[i].intensity;
            if (s->intensity_power != 1) own = pow(own, s->intensity_power);
            if (s->mz_power != 0) own *= pow(fabs(l->peaks[i].position), s->mz_power);
            if (!(own < HEAVY)) own = HEAVY;
            if (own > most) most = own;
            l->weights[i] = own;
        }
        for (Py_ssize_t i = 0; i < l->n && most > 0; i++) {
            l->weights[i] /= most; /* or squares would overflow */
            sum += l->weights[i] * l->weights[i];
        }
        sum = sqrt(sum);
    }
    l->norm = sum;
    for (Py_ssize_t i = 0; i < l->n && sum > 0; i++) l->weights[i] /= sum;
}

/* ------------------------------------------------------------------------------------------------ two lists compared */
typedef struct {
    int32_t a, b;
    double gain;
    int32_t shifted;
    uint32_t number;
} Pair;

typedef struct {
    Pair *pairs;
    Py_ssize_t n, room;
    int32_t *used_a, *used_b;
    Py_ssize_t room_a, room_b;
} Pairs;

static int add_pair(Pairs *p, int a, int b, double gain, int shifted) {
    if (p->n == p->room) {
        Py_ssize_t room = p->room ? 2 * p->room : 256;
        Pair *more = p->n < MOST_PAIRS ? realloc(p->pairs, (size_t)room * sizeof(Pair)) : NULL;
        if (!more) return 0;
        p->pairs = more;
        p->room = room;
    }
    Pair pair = {a, b, gain, shifted, (uint32_t)p->n};
    p->pairs[p->n++] = pair;
    return 1;
}

static int fresh_marks(int32_t **marks, Py_ssize_t *room, Py_ssize_t n) {
    if (n > *room) {
        int32_t *more = realloc(*marks, (size_t)n * sizeof(int32_t));
        if (!more) return 0;
        *marks = more;
        *room = n;
    }
    for (Py_ssize_t i = 0; i < n; i++) (*marks)[i] = -1;
    return 1;
}

static double shared_entropy(double a, double b) {
    double both = a + b;
    return a > 0 && b > 0 ? (both * log2(both) - a * log2(a) - b * log2(b)) / 2 : 0;
}

static double reach(const Settings *s, double position) {
    return s->relative ? fabs(position) * s->tolerance * 1e-6 : s->tolerance;
}

/* Walk both lists at once, as the published code of the entropy similarity does; `free_only` leaves out used peaks. */
static int walk(Pairs *p, const Settings *s, const List *a, const List *b, double shift, int free_only) {
    Py_ssize_t i = 0, j = 0;
    while (i < a->n && j < b->n) {
        double from = a->peaks[i].position, difference = from - (b->peaks[j].position + shift), most = reach(s, from);
        if (free_only && p->used_a[i] >= 0) i++;
        else if (free_only && p->used_b[j] >= 0) j++;
        else if (difference < -most) i++;
        else if (difference > most) j++;
        else {
            if (!add_pair(p, (int)i, (int)j, shared_entropy(a->weights[i], b->weights[j]), shift != 0)) return 0;
            p->used_a[i] = (int32_t)j, p->used_b[j] = (int32_t)i;
            i++, j++;
        }
    }
    return 1;
}

/* All pairs within the tolerance. */
static int pair_up(Pairs *p, const Settings *s, const List *a, const List *b, double shift) {
    Py_ssize_t low = 0;
    for (Py_ssize_t i = 0; i < a->n; i++) {
        double from = a->peaks[i].position, most = reach(s, from);
        for (Py_ssize_t j = low; j < b->n; j++) {
            double to = b->peaks[j].position + shift;
            if (to > from + most) break;
            if (to < from - most) {
                if (!s->relative || s->positive) low = j + 1;
            } else if (!add_pair(p, (int)i, (int)j, a->weights[i] * b->weights[j], shift != 0)) return 0;
        }
    }
    return 1;
}

static int best_pair_first(const void *x, const void *y) {
    const Pair *a = x, *b = y;
    if (a->gain != b->gain) return a->gain > b->gain ? -1 : 1;
    return a->number > b->number ? -1 : a->number < b->number;
}

static void choose_greedily(Pairs *p) {
    qsort(p->pairs, (size_t)p->n, sizeof(Pair), best_pair_first);
    Py_ssize_t kept = 0;
    for (Py_ssize_t k = 0; k < p->n; k++) {
        Pair pair = p->pairs[k];
        if (p->used_a[pair.a] >= 0 || p->used_b[pair.b] >= 0) continue;
        p->used_a[pair.a] = pair.b, p->used_b[pair.b] = pair.a;
        p->pairs[kept++] = pair;
    }
    p->n = kept;
}

static int32_t root_of(int32_t *parents, int32_t at) {
    while (parents[at] != at) at = parents[at] = parents[parents[at]];
    return at;
}

/* Assign rows to columns so that the sum of gains is largest (Kuhn 1955, with potentials); gains are dense, n <= m. */
static int assign(const double *gains, int n, int m, int *row_of) {
    double *u = calloc((size_t)(n + 1) + (size_t)(m + 1) * 2, sizeof(double));
    int *way = calloc((size_t)(m + 1), sizeof(int));
    char *seen = malloc((size_t)(m + 1));
    if (!u || !way || !seen) return free(u), free(way), free(seen), 0;
    double *v = u + n + 1, *least = v + m + 1;
    for (int j = 0; j <= m; j++) row_of[j] = 0;
    for (int i = 1; i <= n; i++) {
        int j0 = 0;
        row_of[0] = i;
        for (int j = 0; j <= m; j++) least[j] = INFINITY, seen[j] = 0;
        do {
            seen[j0] = 1;
            int i0 = row_of[j0], j1 = 0;
            double delta = INFINITY;
            for (int j = 1; j <= m; j++) {
                if (seen[j]) continue;
                double cost = -gains[(size_t)(i0 - 1) * (size_t)m + (size_t)(j - 1)] - u[i0] - v[j];
                if (cost < least[j]) least[j] = cost, way[j] = j0;
                if (least[j] < delta) delta = least[j], j1 = j;
            }
            for (int j = 0; j <= m; j++)
                if (seen[j]) u[row_of[j]] += delta, v[j] -= delta;
                else least[j] -= delta;
            j0 = j1;
        } while (row_of[j0]);
        do {
            int j1 = way[j0];
            row_of[j0] = row_of[j1];
            j0 = j1;
        } while (j0);
    }
    return free(u), free(way), free(seen), 1;
}

static int by_group(const void *x, const void *y) {
    const Pair *a = x, *b = y;
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return best_pair_first(x, y);
}

/* Choose the best pairs of one connected group of peaks. */
static int choose_group(Pairs *p, Pair *group, Py_ssize_t count, Py_ssize_t *kept) {
    int rows = 0, columns = 0;
    for (Py_ssize_t k = 0; k < count; k++) {
        if (p->used_a[group[k].a] < 0) p->used_a[group[k].a] = rows++;
        if (p->used_b[group[k].b] < 0) p->used_b[group[k].b] = columns++;
    }
    int flip = rows > columns, n = flip ? columns : rows, m = flip ? rows : columns;
    if ((double)n * m > MOST_PAIRS) return 0;
    double *gains = calloc((size_t)n * (size_t)m, sizeof(double));
    int *row_of = malloc((size_t)(m + 1) * sizeof(int));
    int good = gains && row_of;
    for (Py_ssize_t k = 0; good && k < count; k++) {
        int r = p->used_a[group[k].a], c = p->used_b[group[k].b];
        double *cell = &gains[flip ? (size_t)c * (size_t)m + (size_t)r : (size_t)r * (size_t)m + (size_t)c];
        if (group[k].gain > *cell) *cell = group[k].gain;
    }
    good = good && assign(gains, n, m, row_of);
    for (Py_ssize_t k = 0; good && k < count; k++) {
        int r = p->used_a[group[k].a], c = p->used_b[group[k].b];
        int row = flip ? c : r, column = flip ? r : c;
        if (row_of[column + 1] != row + 1) continue;
        row_of[column + 1] = 0; /* a pair that is there twice, shifted and not, counts once */
        p->pairs[(*kept)++] = group[k];
    }
    return free(gains), free(row_of), good;
}

static int choose_optimally(Pairs *p, const List *a, const List *b) {
    int32_t *parents = malloc((size_t)(a->n + b->n) * sizeof(int32_t));
    if (!parents) return 0;
    for (Py_ssize_t i = 0; i < a->n + b->n; i++) parents[i] = (int32_t)i;
    for (Py_ssize_t k = 0; k < p->n; k++)
        parents[root_of(parents, p->pairs[k].a)] = root_of(parents, (int32_t)(a->n + p->pairs[k].b));
    for (Py_ssize_t k = 0; k < p->n; k++) p->pairs[k].number = (uint32_t)root_of(parents, p->pairs[k].a);
    free(parents);
    qsort(p->pairs, (size_t)p->n, sizeof(Pair), by_group);
    Py_ssize_t kept = 0, total = p->n;
    Pair *all = malloc((size_t)(total ? total : 1) * sizeof(Pair));
    int good = all != NULL;
    if (good) memcpy(all, p->pairs, (size_t)total * sizeof(Pair));
    for (Py_ssize_t start = 0, end; good && start < total; start = end) {
        for (end = start + 1; end < total && all[end].number == all[start].number;) end++;
        good = choose_group(p, all + start, end - start, &kept);
    }
    p->n = kept;
    return free(all), good;
}

/* Fill `p` with the pairs that count; 0 without memory, or if there are too many. */
static int compare_peaks(Pairs *p, const Settings *s, const List *a, const List *b, double shift) {
    p->n = 0;
    if (!fresh_marks(&p->used_a, &p->room_a, a->n) || !fresh_marks(&p->used_b, &p->room_b, b->n)) return 0;
    if (s->metric == ENTROPY) return walk(p, s, a, b, 0, 0);
    if (s->metric == NEUTRAL_LOSS && s->base == ENTROPY) return walk(p, s, a, b, shift, 0);
    if (s->metric == HYBRID) return walk(p, s, a, b, 0, 0) && (shift == 0 || walk(p, s, a, b, shift, 1));
    if (!pair_up(p, s, a, b, s->metric == NEUTRAL_LOSS ? shift : 0)) return 0;
    if (s->metric == MODIFIED && fabs(shift) > reach(s, s->reference) && !pair_up(p, s, a, b, shift)) return 0;
    if (s->optimal) return choose_optimally(p, a, b);
    choose_greedily(p);
    return 1;
}

/* ---------------------------------------------------------------------------------------------- records and buffers */
typedef struct {
    double reference;
    Py_ssize_t n;
    int axis;
    const uint8_t *positions, *intensities;
} Record;

static int open_record(Record *r, const uint8_t *raw, Py_ssize_t size) {
    uint32_t n;
    if (size < HEADER || raw[0] != 1) return 0;
    r->axis = raw[1];
    memcpy(&n, raw + 4, 4);
    memcpy(&r->reference, raw + 8, 8);
    r->n = n;
    r->positions = raw + HEADER;
    r->intensities = raw + HEADER + 8 * (Py_ssize_t)n;
    return (size - HEADER) / 12 >= (Py_ssize_t)n;
}

typedef struct {
    Settings s;
    List query, item;
    Pairs pairs;
} Comparison;

static int begin(Comparison *c, const Py_buffer *settings, const Py_buffer *query) {
    Record r;
    memset(c, 0, sizeof *c);
    if (settings->len != sizeof(Settings)) return refuse("not the settings of a comparison"), 0;
    memcpy(&c->s, settings->buf, sizeof(Settings));
    if (!open_record(&r, query->buf, query->len)) return refuse("not a list of peaks"), 0;
    if (!take(&c->query, &c->s, r.positions, r.intensities, r.n, r.reference)) return PyErr_NoMemory(), 0;
    weigh(&c->query, &c->s);
    return 1;
}

static void end(Comparison *c) {
    drop_list(&c->query), drop_list(&c->item);
    free(c->pairs.pairs), free(c->pairs.used_a), free(c->pairs.used_b);
}

/* Compare with one record: 1 compared, 0 nothing to compare, -1 without memory or over the cap, -2 not a record. */
static int compare_record(Comparison *c, const uint8_t *raw, Py_ssize_t size) {
    Record r;
    c->pairs.n = 0;
    if (!open_record(&r, raw, size)) return -2;
    int shifts = c->s.metric >= MODIFIED;
    if (r.axis != c->s.axis || (shifts && !(r.reference > 0 && c->s.reference > 0))) return 0;
    if (c->s.low <= c->s.high && !(r.reference >= c->s.low && r.reference <= c->s.high)) return 0;
    if (!take(&c->item, &c->s, r.positions, r.intensities, r.n, r.reference)) return -1;
    weigh(&c->item, &c->s);
    if (!compare_peaks(&c->pairs, &c->s, &c->query, &c->item, shifts ? c->s.reference - r.reference : 0)) return -1;
    return 1;
}

static float total(const Comparison *c) {
    double sum = 0;
    if (c->pairs.n < c->s.at_least) return 0;
    for (Py_ssize_t k = 0; k < c->pairs.n; k++) sum += c->pairs.pairs[k].gain;
    return (float)sum;
}

/* score_lists(settings, query, records, out): the similarity of each record; NaN where it takes too much. */
static PyObject *score_lists(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    PyObject *list;
    if (!PyArg_ParseTuple(args, "y*y*O!w*", &b[0], &b[1], &PyList_Type, &list, &b[2])) return release(b, 3), NULL;
    Comparison c;
    int state = 1;
    Py_ssize_t n = PyList_GET_SIZE(list);
    float *out = b[2].buf;
    if (b[2].len / 4 != n) refuse("records and scores do not fit"), memset(&c, 0, sizeof c);
    else if (begin(&c, &b[0], &b[1])) {
        for (Py_ssize_t i = 0; i < n && state > -2; i++) {
            Py_buffer record;
            if (PyObject_GetBuffer(PyList_GET_ITEM(list, i), &record, PyBUF_SIMPLE) < 0) break;
            state = compare_record(&c, record.buf, record.len);
            out[i] = state < 0 ? NAN : state ? total(&c) : 0;
            PyBuffer_Release(&record);
        }
        if (state == -2 && !PyErr_Occurred()) refuse("not a list of peaks");
    }
    end(&c);
    release(b, 3);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* compare_lists(settings, query, record) -> (query places, item places, positions of both, gains, shifted), as bytes. */
static PyObject *compare_lists(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    if (!PyArg_ParseTuple(args, "y*y*y*", &b[0], &b[1], &b[2])) return release(b, 3), NULL;
    Comparison c;
    PyObject *answer = NULL;
    if (begin(&c, &b[0], &b[1])) {
        int state = compare_record(&c, b[2].buf, b[2].len);
        if (state == -2) refuse("not a list of peaks");
        else if (state == -1) PyErr_NoMemory();
        else if (state == 0) answer = PyBytes_FromStringAndSize(NULL, 0);
        else if ((answer = PyBytes_FromStringAndSize(NULL, c.pairs.n * 32))) {
            uint8_t *to = (uint8_t *)PyBytes_AS_STRING(answer);
            for (Py_ssize_t k = 0; k < c.pairs.n; k++, to += 32) {
                const Pair *p = &c.pairs.pairs[k];
                const Peak *q = &c.query.peaks[p->a], *t = &c.item.peaks[p->b];
                memcpy(to, &p->gain, 8);
                memcpy(to + 8, &q->source, 4), memcpy(to + 12, &t->source, 4);
                memcpy(to + 16, &q->position, 4), memcpy(to + 20, &t->position, 4);
                memcpy(to + 24, &p->shifted, 4), memcpy(to + 28, &p->a, 4);
            }
        }
    }
    end(&c);
    release(b, 3);
    return answer;
}

/* clean_list(settings, record) -> (peaks as bytes, weights as bytes, apart, apart_relative, exponent, norm). */
static PyObject *clean_list(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    if (!PyArg_ParseTuple(args, "y*y*", &b[0], &b[1])) return release(b, 2), NULL;
    Comparison c;
    PyObject *answer = NULL;
    if (begin(&c, &b[0], &b[1])) {
        const List *l = &c.query;
        answer = Py_BuildValue("(y#y#dddd)", (const char *)l->peaks, l->n * (Py_ssize_t)sizeof(Peak),
                               (const char *)l->weights, l->n * 8, (double)l->apart, (double)l->apart_relative,
                               l->exponent, l->norm);
    }
    end(&c);
    release(b, 2);
    return answer;
}

/* score_positions(asked, settings, records, out): the share of intensity at all the positions (or losses), else 0. */
static PyObject *score_positions(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    PyObject *list;
    double tolerance, least;
    int relative, losses, axis, state = 1;
    if (!PyArg_ParseTuple(args, "y*ddiiiO!w*", &b[0], &tolerance, &least, &relative, &losses, &axis, &PyList_Type, &list,
                          &b[1]))
        return release(b, 2), NULL;
    Py_ssize_t n = PyList_GET_SIZE(list), asked = b[0].len / 8;
    float *out = b[1].buf;
    if (b[1].len / 4 != n) refuse("records and scores do not fit"), n = 0;
    for (Py_ssize_t i = 0; i < n && state; i++) {
        Py_buffer record;
        Record r;
        if (PyObject_GetBuffer(PyList_GET_ITEM(list, i), &record, PyBUF_SIMPLE) < 0) break;
        state = open_record(&r, record.buf, record.len);
        double sum = 0, found = 0, most = 0;
        int good = state && r.axis == axis && (!losses || r.reference > 0);
        for (Py_ssize_t k = 0; good && k < r.n; k++) {
            float own;
            memcpy(&own, r.intensities + 4 * k, 4);
            sum += own;
            if (own > most) most = own;
        }
        double last = -INFINITY; /* a peak that answers twice counts once: windows are looked at upwards */
        for (Py_ssize_t k = 0; good && k < asked; k++) {
            double wanted, at, highest = -1, where = 0;
            memcpy(&wanted, (const uint8_t *)b[0].buf + 8 * k, 8);
            double width = relative ? fabs(wanted) * tolerance * 1e-6 : tolerance;
            double middle = losses ? r.reference - wanted : wanted;
            Py_ssize_t low = 0, high = r.n;
            while (low < high) {
                Py_ssize_t half = low + (high - low) / 2;
                memcpy(&at, r.positions + 8 * half, 8);
                if (at < middle - width) low = half + 1;
                else high = half;
            }
            for (; low < r.n; low++) {
                float own;
                memcpy(&at, r.positions + 8 * low, 8);
                if (at > middle + width) break;
                memcpy(&own, r.intensities + 4 * low, 4);
                if (own > highest) highest = own, where = at;
            }
            good = highest > 0 && highest >= least * most;
            if (good && (k == 0 || where != last)) found += highest;
            last = where;
        }
        out[i] = good && sum > 0 ? (float)(found / sum) : 0;
        PyBuffer_Release(&record);
    }
    if (!state) refuse("not a list of peaks");
    release(b, 2);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}
