/* Whether a pattern is in a graph; a part of _kernels.c, behind _graphs.c.  nlsearch/kernels/matching.py has the
 * format of patterns, what the conditions mean, and the oracle. */

#define MOST_SUBPATTERNS 254
#define MOST_NESTED 8
#define MOST_STACK 32
#define STEPS 20000000 /* atoms that are tried where no other number is given */
#define GRAPHS 3 /* graphs that may take all their steps before no further one is looked at */

enum { NO = 0, YES = 1, UNDECIDED = 2 };
enum { TRUTH, ELEMENT, AROMATIC, CHARGE, HYDROGENS, OWN_HYDROGENS, DEGREE, CONNECTIONS, RINGS, SMALLEST_RING, RING_BONDS,
       ISOTOPE, KIND_OF_ATOM, INSIDE, AND, OR, NOT, VALENCE, HANDED, LEAST_VALENCE, OPS };
enum { EQUAL, UNLIKE, AT_LEAST, AT_MOST };

typedef struct {
    int n, parts;                 /* rows, and those that hang on no other */
    const int32_t *rows;          /* n × (condition, parent, bonds allowed, degree, closures) */
    uint16_t closures[MOST_PATTERN + 1]; /* where the closures of each row start */
    const int32_t *closed;        /* × (row, bonds allowed) */
} Pattern;

typedef struct {
    int patterns, conditions;
    const int32_t *starts, *ops; /* ops × (op, comparison, value) */
    Pattern pattern[MOST_SUBPATTERNS];
} Program;

typedef struct {
    Program *program;
    Graph *g;
    uint8_t *known;  /* conditions × atoms: 0 not asked yet, 1 no, 2 yes */
    uint8_t *inside; /* patterns × atoms, likewise */
    int64_t steps;
    int depth;
} Matching;

#define SET_WORDS ((MOST_ATOMS + 63) / 64)

/* Matches that differ in their atoms: of those with the same atoms the least. */
typedef struct {
    const uint8_t *rows;  /* u16 of each atom of the query: its row */
    uint16_t *atoms;      /* the molecule's atoms of each match, in the order of the query's */
    uint64_t *sets;       /* which atoms these are, SET_WORDS each */
    uint32_t *numbers;    /* of the match at a place that follows from its set, and 1; 0 where none is */
    uint32_t mask;        /* places less 1 */
    Py_ssize_t found, most;
} Matches;

static int has_pattern(Matching *m, int which, int anchor);

static int read_program(Program *p, const int32_t *raw, Py_ssize_t n) {
    if (n < 3 || raw[0] < 1 || raw[0] > MOST_SUBPATTERNS || raw[1] < 1 || raw[1] > 1000 || raw[2] < 1) return 0;
    p->patterns = raw[0], p->conditions = raw[1];
    int ops = raw[2];
    Py_ssize_t at = 3;
    if (n < at + p->conditions + 1 + 3 * (Py_ssize_t)ops) return 0;
    p->starts = raw + at, at += p->conditions + 1;
    p->ops = raw + at, at += 3 * (Py_ssize_t)ops;
    if (p->starts[0] != 0 || p->starts[p->conditions] != ops) return 0;
    for (int c = 0; c < p->conditions; c++) { /* every condition leaves one value on the stack */
        int height = 0;
        for (int i = p->starts[c]; i < p->starts[c + 1]; i++) {
            if (i < 0 || i >= ops) return 0;
            int op = p->ops[3 * i];
            if (op < 0 || op >= OPS || (op == INSIDE && (p->ops[3 * i + 2] < 1 || p->ops[3 * i + 2] >= p->patterns)))
                return 0;
            height += op == AND || op == OR ? -1 : op == NOT ? 0 : 1;
            if (height < 1 || height > MOST_STACK) return 0;
        }
        if (height != 1) return 0;
    }
    for (int s = 0; s < p->patterns; s++) {
        Pattern *q = &p->pattern[s];
        if (at >= n || (q->n = raw[at++]) < 1 || q->n > MOST_PATTERN || n < at + 5 * (Py_ssize_t)q->n) return 0;
        q->rows = raw + at, at += 5 * (Py_ssize_t)q->n;
        int total = 0;
        q->parts = 0;
        for (int k = 0; k < q->n; k++) {
            const int32_t *row = q->rows + 5 * k;
            q->parts += row[1] < 0;
            q->closures[k] = (uint16_t)total;
            if (row[0] < 0 || row[0] >= p->conditions || row[1] < -1 || row[1] >= k || row[4] < 0 || row[4] > 250) return 0;
            if ((total += row[4]) > 30000) return 0;
        }
        q->closures[q->n] = (uint16_t)total;
        q->closed = raw + at, at += 2 * (Py_ssize_t)total;
        if (at > n) return 0;
        for (int k = 0; k < q->n; k++)
            for (int c = q->closures[k]; c < q->closures[k + 1]; c++)
                if (q->closed[2 * c] < 0 || q->closed[2 * c] >= k) return 0;
    }
    return at == n;
}

INLINE int compare(int value, int comparison, int wanted) {
    return comparison == EQUAL      ? value == wanted
           : comparison == UNLIKE   ? value != wanted
           : comparison == AT_LEAST ? value >= wanted
                                    : value <= wanted;
}

static int fact(Matching *m, int op, int a) {
    const Graph *g = m->g;
    int own = g->states[a] & 7, degree = g->first[a + 1] - g->first[a], sum = 0;
    switch (op) {
    case ELEMENT: return g->elements[a] & 127;
    case AROMATIC: return g->elements[a] >> 7;
    case KIND_OF_ATOM: return (g->elements[a] & 127) + 1000 * (g->elements[a] >> 7);
    case CHARGE: return (g->states[a] >> 4) - 8;
    case OWN_HYDROGENS: return own;
    case DEGREE: return degree;
    case HANDED: return g->states[a] >> 3 & 1;
    case CONNECTIONS: return degree + own;
    case RINGS: return g->rings[a] & 15;
    case SMALLEST_RING: return g->rings[a] >> 4 ? (g->rings[a] >> 4) + 2 : 0;
    case ISOTOPE: return g->has_isotopes ? g->isotope[a] : 0;
    case HYDROGENS:
        for (int at = g->first[a]; at < g->first[a + 1]; at++) sum += g->elements[g->to[at]] == 1;
        return own + sum;
    case RING_BONDS:
        if (!m->g->ringed) mark_rings(m->g);
        for (int at = g->first[a]; at < g->first[a + 1]; at++) sum += g->in_ring[g->bond[at]];
        return sum;
    case LEAST_VALENCE:
        for (int at = g->first[a]; at < g->first[a + 1]; at++) {
            int kind = g->kind[g->bond[at]];
            sum += kind == 3 ? 1 : kind + 1;
        }
        return own + sum;
    case VALENCE:
        for (int at = g->first[a]; at < g->first[a + 1]; at++) sum += g->kind[g->bond[at]] + 1;
        return own + sum;
    }
    return 0;
}

static int holds(Matching *m, int condition, int a) {
    uint8_t *known = m->known + (size_t)condition * (size_t)m->g->n + a;
    if (*known) return *known - 1;
    int stack[MOST_STACK], height = 0;
    for (int i = m->program->starts[condition]; i < m->program->starts[condition + 1]; i++) {
        const int32_t *op = m->program->ops + 3 * i;
        switch (op[0]) {
        case TRUTH: stack[height++] = 1; break;
        case AND: height--, stack[height - 1] &= stack[height]; break;
        case OR: height--, stack[height - 1] |= stack[height]; break;
        case NOT: stack[height - 1] = !stack[height - 1]; break;
        case INSIDE: {
            uint8_t *found = m->inside + (size_t)op[2] * (size_t)m->g->n + a;
            if (!*found) {
                if (++m->depth > MOST_NESTED) m->steps = -1; /* it nests in itself */
                *found = (uint8_t)(1 + (m->depth <= MOST_NESTED && has_pattern(m, op[2], a)));
                m->depth--;
            }
            stack[height++] = *found - 1;
            break;
        }
        default: stack[height++] = compare(fact(m, op[0], a), op[1], op[2]);
        }
    }
    *known = (uint8_t)(1 + stack[0]);
    return stack[0];
}

INLINE int allows(Matching *m, int bonds, int bond) {
    if (bonds == 0xFF) return 1;
    Graph *g = m->g;
    int kind = g->kind[bond];
    int both = bonds >> 2 * kind & 3; /* not in a ring, in a ring */
    if (both == 0 || both == 3) return both;
    if (!g->ringed) mark_rings(g);
    return both >> g->in_ring[bond] & 1;
}

static int closes(Matching *m, const Pattern *q, int k, int a, const uint16_t *at_atom) {
    const Graph *g = m->g;
    for (int c = q->closures[k]; c < q->closures[k + 1]; c++) {
        int other = at_atom[q->closed[2 * c]], found = 0;
        for (int at = g->first[a]; at < g->first[a + 1] && !found; at++)
            if (g->to[at] == other) {
                if (!allows(m, q->closed[2 * c + 1], g->bond[at])) return 0;
                found = 1;
            }
        if (!found) return 0;
    }
    return 1;
}

/* Whether there is an atom for the first row of each part: where there is none, all ways to place the others would fail. */
static int has_first_atoms(Matching *m, const Pattern *q) {
    const Graph *g = m->g;
    for (int k = 0; k < q->n; k++) {
        const int32_t *row = q->rows + 5 * k;
        int a = row[1] < 0 ? 0 : -1;
        while (a >= 0 && a < g->n && !(g->first[a + 1] - g->first[a] >= row[3] && holds(m, row[0], a))) a++;
        if (a == g->n) return 0;
    }
    return 1;
}

INLINE int is_less(const uint16_t *first, const uint16_t *second, int n) {
    int i = 0;
    while (i < n && first[i] == second[i]) i++;
    return i < n && first[i] < second[i];
}

/* Keep a match, unless one of the same atoms is less; true if there are as many as may be kept. */
static int keep_match(Matches *k, const Graph *g, const uint16_t *at_atom, int n) {
    uint16_t match[MOST_PATTERN];
    uint64_t set[SET_WORDS] = {0}, hash = 0;
    for (int i = 0; i < n; i++) {
        uint16_t a = at_atom[u16(k->rows + 2 * i)];
        match[i] = a = g->order ? (uint16_t)u16(g->order + 2 * a) : a;
        set[a / 64] |= 1ull << a % 64;
    }
    for (int w = 0; w < SET_WORDS; w++) hash = (hash ^ set[w]) * 0x9E3779B97F4A7C15ull, hash ^= hash >> 29;
    uint32_t place = (uint32_t)hash & k->mask;
    for (; k->numbers[place]; place = (place + 1) & k->mask) {
        Py_ssize_t same = (Py_ssize_t)k->numbers[place] - 1;
        if (memcmp(k->sets + same * SET_WORDS, set, sizeof set)) continue;
        if (is_less(match, k->atoms + same * n, n)) memcpy(k->atoms + same * n, match, (size_t)n * sizeof *match);
        return 0;
    }
    memcpy(k->sets + k->found * SET_WORDS, set, sizeof set);
    memcpy(k->atoms + k->found * n, match, (size_t)n * sizeof *match);
    k->numbers[place] = (uint32_t)++k->found;
    return k->found == k->most;
}

/* Whether pattern `which` is in the graph, with its first atom at `anchor` if that is not negative; with `matches` all
 * its matches, and whether there are as many as may be kept. */
static int look_for(Matching *m, int which, int anchor, Matches *matches) {
    const Pattern *q = &m->program->pattern[which];
    const Graph *g = m->g;
    if (q->n > g->n || (q->parts > 1 && !has_first_atoms(m, q))) return 0;
    uint16_t at_atom[MOST_PATTERN], next[MOST_PATTERN];
    uint8_t used[MOST_ATOMS];
    memset(used, 0, (size_t)g->n);
    int k = 0;
    next[0] = (uint16_t)(anchor < 0 ? 0 : anchor);
    while (k >= 0) {
        const int32_t *row = q->rows + 5 * k;
        int parent = row[1], found = -1;
        if (parent < 0) {
            int last = k == 0 && anchor >= 0 ? anchor : g->n - 1;
            while (next[k] <= last) {
                int a = next[k]++;
                if (--m->steps < 0) return 0;
                if (!used[a] && g->first[a + 1] - g->first[a] >= row[3] && holds(m, row[0], a) &&
                    (row[4] == 0 || closes(m, q, k, a, at_atom))) {
                    found = a;
                    break;
                }
            }
        } else {
            int end = g->first[at_atom[parent] + 1];
            while (next[k] < end) {
                int at = next[k]++, a = g->to[at];
                if (--m->steps < 0) return 0;
                if (!used[a] && g->first[a + 1] - g->first[a] >= row[3] && allows(m, row[2], g->bond[at]) &&
                    holds(m, row[0], a) && (row[4] == 0 || closes(m, q, k, a, at_atom))) {
                    found = a;
                    break;
                }
            }
        }
        if (found < 0) {
            if (--k >= 0) used[at_atom[k]] = 0;
            continue;
        }
        at_atom[k] = (uint16_t)found, used[found] = 1;
        if (++k == q->n) {
            if (!matches || keep_match(matches, g, at_atom, q->n)) return 1;
            used[at_atom[--k]] = 0;
            continue;
        }
        int up = q->rows[5 * k + 1];
        next[k] = up < 0 ? 0 : g->first[at_atom[up]];
    }
    return 0;
}

static int has_pattern(Matching *m, int which, int anchor) { return look_for(m, which, anchor, NULL); }

/* Reads a program and makes room for any graph; 0 with an error set. What it made, `stop` frees in either case. */
static int start(Matching *m, const Py_buffer *b) {
    Program *program = malloc(sizeof *program);
    *m = (Matching){program, malloc(sizeof(Graph)), NULL, NULL, 0, 0};
    if (!program || !m->g) return PyErr_NoMemory(), 0;
    if (!read_program(program, b->buf, b->len / 4)) return refuse("not a pattern"), 0;
    m->known = malloc((size_t)program->conditions * MOST_ATOMS);
    m->inside = malloc((size_t)program->patterns * MOST_ATOMS);
    if (!m->known || !m->inside) return PyErr_NoMemory(), 0;
    return 1;
}

/* Puts a graph under the pattern, with nothing known yet; 0 if it is none. */
static int attach(Matching *m, const uint8_t *raw, Py_ssize_t size) {
    if (!decode_graph(m->g, raw, size)) return 0;
    memset(m->known, 0, (size_t)m->program->conditions * (size_t)m->g->n);
    memset(m->inside, 0, (size_t)m->program->patterns * (size_t)m->g->n);
    m->steps = STEPS;
    return 1;
}

static void stop(Matching *m) { free(m->program), free(m->g), free(m->known), free(m->inside); }

/* A graph inside of a buffer: `at` bytes from its start, as long as the u16 before it says. */
INLINE Py_ssize_t inner_graph(const Py_buffer *b, Py_ssize_t at, const uint8_t **raw) {
    if (b->len < 2 || at > b->len - 2) return 0;
    *raw = (const uint8_t *)b->buf + at + 2;
    Py_ssize_t size = (Py_ssize_t)u16(*raw - 2);
    return b->len < at + 2 + size ? 0 : size;
}

/* Says something of a graph in so many steps, of which it leaves what it did not need. */
typedef int (*Verdict)(void *context, const uint8_t *raw, Py_ssize_t size, int64_t *steps);

/* Take hold of the bytes of all objects of a list; how many there are, less on an error. */
static Py_ssize_t hold(PyObject *list, Py_buffer *buffers) {
    Py_ssize_t held = 0;
    for (; held < PyList_GET_SIZE(list); held++)
        if (PyObject_GetBuffer(PyList_GET_ITEM(list, held), &buffers[held], PyBUF_SIMPLE)) break;
    return held;
}

/* What `verdict` says of the graph in each buffer of a list, a byte each, UNDECIDED where there is none, and of those
 * left when several graphs took all their steps; other threads of Python run meanwhile. */
static PyObject *of_each(PyObject *list, Py_ssize_t at, int64_t steps, Verdict verdict, void *context) {
    if (at < 0 || steps < 1) return refuse("the place of a graph must not be negative, and steps positive");
    PyObject *fixed = PyList_GetSlice(list, 0, PY_SSIZE_T_MAX), *answer = NULL; /* nobody else changes it */
    if (!fixed) return NULL;
    Py_ssize_t n = PyList_GET_SIZE(fixed), held = 0;
    Py_buffer *buffers = PyMem_New(Py_buffer, n + 1);
    if (!buffers) PyErr_NoMemory();
    else if ((held = hold(fixed, buffers)) == n && (answer = PyBytes_FromStringAndSize(NULL, n))) {
        uint8_t *said = (uint8_t *)PyBytes_AS_STRING(answer);
        int64_t all = steps > INT64_MAX / GRAPHS ? INT64_MAX : GRAPHS * steps;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < n; i++) {
            const uint8_t *raw = NULL;
            Py_ssize_t size = inner_graph(&buffers[i], at, &raw);
            int64_t left = steps;
            said[i] = size && all > 0 ? (uint8_t)verdict(context, raw, size, &left) : UNDECIDED;
            all -= steps - left;
        }
        Py_END_ALLOW_THREADS
    }
    while (held > 0) PyBuffer_Release(&buffers[--held]);
    PyMem_Free(buffers);
    Py_DECREF(fixed);
    return answer;
}

static int decide_one(void *context, const uint8_t *raw, Py_ssize_t size, int64_t *steps) {
    Matching *m = context;
    if (!attach(m, raw, size) || m->g->n == 0) return UNDECIDED;
    m->steps = *steps;
    int found = has_pattern(m, 0, -1);
    *steps = m->steps;
    return m->steps < 0 ? UNDECIDED : found;
}

static PyObject *decide(PyObject *self, PyObject *args) {
    Py_buffer program_bytes = {0};
    PyObject *list, *answer = NULL;
    Py_ssize_t at;
    long long steps;
    if (!PyArg_ParseTuple(args, "y*O!nL", &program_bytes, &PyList_Type, &list, &at, &steps)) return NULL;
    Matching m;
    if (start(&m, &program_bytes)) answer = of_each(list, at, steps, decide_one, &m);
    stop(&m);
    PyBuffer_Release(&program_bytes);
    return answer;
}

/* Whether `rows` names a row of a pattern of n for each atom of a query. */
static int are_rows(const Py_buffer *rows, int n) {
    int fit = rows->len == 2 * (Py_ssize_t)n;
    for (int i = 0; fit && i < n; i++) fit = (int)u16((const uint8_t *)rows->buf + 2 * i) < n;
    return fit;
}

/* The matches of a pattern in one graph that differ in their atoms, and whether these are all: fewer than `most`, in no
 * more than so many steps. */
static PyObject *find(PyObject *self, PyObject *args) {
    Py_buffer b[3] = {{0}};
    Matches k = {0};
    long long steps;
    if (!PyArg_ParseTuple(args, "y*y*y*nL", &b[0], &b[1], &b[2], &k.most, &steps)) return release(b, 3), NULL;
    PyObject *answer = NULL;
    Matching m;
    if (start(&m, &b[0])) {
        int n = m.program->pattern[0].n;
        if (!are_rows(&b[2], n)) refuse("not a row for each atom");
        else if (k.most < 1 || k.most > 1 << 20) refuse("the number of matches must be from 1 to 2**20");
        else if (!attach(&m, b[1].buf, b[1].len)) refuse("not an encoded graph");
        else {
            size_t most = (size_t)k.most;
            for (k.mask = 1; k.mask < 2 * most; k.mask = 2 * k.mask + 1) {}
            k.rows = b[2].buf, k.atoms = malloc(most * (size_t)n * sizeof *k.atoms);
            k.sets = malloc(most * SET_WORDS * sizeof *k.sets), k.numbers = calloc((size_t)k.mask + 1, sizeof *k.numbers);
            m.steps = steps;
            if (!k.atoms || !k.sets || !k.numbers) PyErr_NoMemory();
            else {
                int whole = !look_for(&m, 0, -1, &k) && m.steps >= 0;
                Py_ssize_t size = k.found * n * (Py_ssize_t)sizeof *k.atoms;
                answer = Py_BuildValue("y#O", (const char *)k.atoms, size, whole ? Py_True : Py_False);
            }
        }
    }
    free(k.atoms), free(k.sets), free(k.numbers);
    stop(&m);
    release(b, 3);
    return answer;
}

/* How many bonds match a pattern of two atoms, either way round. */
static PyObject *count_bonds(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    if (!PyArg_ParseTuple(args, "y*y*", &b[0], &b[1])) return release(b, 2), NULL;
    PyObject *answer = NULL;
    Matching m;
    if (start(&m, &b[0])) {
        const Pattern *q = &m.program->pattern[0];
        if (q->n != 2 || q->rows[6] != 0) refuse("not a pattern of two bound atoms");
        else if (!attach(&m, b[1].buf, b[1].len)) refuse("not an encoded graph");
        else {
            long found = 0;
            for (int i = 0; i < m.g->m; i++) {
                int a = m.g->ends[i][0], c = m.g->ends[i][1];
                found += allows(&m, q->rows[7], i) && ((holds(&m, q->rows[0], a) && holds(&m, q->rows[5], c)) ||
                                                       (holds(&m, q->rows[0], c) && holds(&m, q->rows[5], a)));
            }
            answer = m.steps < 0 ? refuse("the graph takes too many steps") : PyLong_FromLong(found);
        }
    }
    stop(&m);
    release(b, 2);
    return answer;
}

/* For every atom the number of the first pattern that is there with its first atom; 255 where none is. */
static PyObject *label_atoms(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    if (!PyArg_ParseTuple(args, "y*y*", &b[0], &b[1])) return release(b, 2), NULL;
    PyObject *answer = NULL;
    Matching m;
    if (start(&m, &b[0])) {
        int patterns = m.program->patterns;
        if (attach(&m, b[1].buf, b[1].len)) answer = PyBytes_FromStringAndSize(NULL, m.g->n);
        else refuse("not an encoded graph");
        for (int a = 0; answer && a < m.g->n; a++) {
            int which = 0;
            while (which < patterns && !has_pattern(&m, which, a)) which++;
            ((uint8_t *)PyBytes_AS_STRING(answer))[a] = (uint8_t)(which < patterns ? which : 255);
        }
        if (answer && m.steps < 0) {
            Py_CLEAR(answer);
            refuse("the graph takes too many steps");
        }
    }
    stop(&m);
    release(b, 2);
    return answer;
}

/* ---------------------------------------------------------------------------------- graphs inside a larger graph */
static int same_atom(const Graph *q, int a, const Graph *t, int b) {
    if (q->elements[a] == 0) return 0; /* a dummy: not decided here */
    if ((q->elements[a] & 127) != (t->elements[b] & 127)) return 0;
    int charge = q->states[a] >> 4;
    if (charge != 8 && charge != t->states[b] >> 4) return 0;
    int isotope = q->has_isotopes ? q->isotope[a] : 0;
    return !isotope || isotope == (t->has_isotopes ? t->isotope[b] : 0);
}

static int bond_between(const Graph *g, int a, int b) {
    for (int at = g->first[a]; at < g->first[a + 1]; at++)
        if (g->to[at] == b) return g->bond[at];
    return -1;
}

/* Whether `q` is in `t`, atoms in the order of q, each behind its first earlier neighbour. */
static int is_part(const Graph *q, const Graph *t, int64_t *steps) {
    uint16_t at_atom[MOST_ATOMS], next[MOST_ATOMS], up[MOST_ATOMS];
    uint8_t used[MOST_ATOMS];
    memset(used, 0, (size_t)t->n);
    for (int a = 0; a < q->n; a++) {
        up[a] = NOWHERE;
        for (int at = q->first[a]; at < q->first[a + 1]; at++)
            if (q->to[at] < a && (up[a] == NOWHERE || q->to[at] < up[a])) up[a] = q->to[at];
    }
    int k = 0;
    next[0] = 0;
    while (k >= 0) {
        int found = -1, free_start = up[k] == NOWHERE;
        int end = free_start ? t->n : t->first[at_atom[up[k]] + 1];
        while (next[k] < end && found < 0) {
            int at = next[k]++, a = free_start ? at : t->to[at];
            if (--*steps < 0) return UNDECIDED;
            if (used[a] || t->first[a + 1] - t->first[a] < q->first[k + 1] - q->first[k] || !same_atom(q, k, t, a)) continue;
            found = a;
            for (int e = q->first[k]; e < q->first[k + 1] && found >= 0; e++) {
                if (q->to[e] >= k) continue;
                int bond = bond_between(t, a, at_atom[q->to[e]]);
                if (bond < 0 || t->kind[bond] != q->kind[q->bond[e]]) found = -1;
            }
        }
        if (found < 0) {
            if (--k >= 0) used[at_atom[k]] = 0;
            continue;
        }
        at_atom[k] = (uint16_t)found, used[found] = 1;
        if (++k == q->n) return YES;
        next[k] = up[k] == NOWHERE ? 0 : t->first[at_atom[up[k]]];
    }
    return NO;
}

static int has_dummy(const Graph *g) {
    for (int a = 0; a < g->n; a++)
        if (!(g->elements[a] & 127)) return 1;
    return 0;
}

/* Whether every atom has a valence at which it surely has no unpaired electron; one bit a valence. */
static int is_closed_shell(const Graph *g) {
    for (int a = 0; a < g->n; a++) {
        int valence = g->states[a] & 7, charge = (g->states[a] >> 4) - 8, element = g->elements[a] & 127;
        for (int at = g->first[a]; at < g->first[a + 1]; at++) {
            int kind = g->kind[g->bond[at]];
            valence += kind == 3 ? 1 : kind + 1;
        }
        unsigned usual = 0;
        if (g->elements[a] >> 7)
            usual = charge == 0 && element == 6   ? 1u << 3
                    : charge == 0 && element == 7 ? 1u << 2 | 1u << 3
                    : charge == 1 && element == 7 ? 1u << 3
                    : charge == 0 && (element == 8 || element == 16) ? 1u << 2 : 0;
        else if (charge == 0)
            usual = element == 6   ? 1u << 4
                    : element == 7 ? 1u << 3
                    : element == 8 ? 1u << 2
                    : element == 16 ? 1u << 2 | 1u << 4 | 1u << 6
                    : element == 15 ? 1u << 3 | 1u << 5
                    : element == 5  ? 1u << 3
                    : element == 14 ? 1u << 4
                    : element == 9 || element == 17 || element == 35 || element == 53 || element == 1 ? 1u << 1 : 0;
        else if (charge == 1)
            usual = element == 7 || element == 15 ? 1u << 4 : element == 8 || element == 16 ? 1u << 3
                    : element == 3 || element == 11 || element == 19 ? 1u : 0;
        else if (charge == -1)
            usual = element == 8 || element == 16 ? 1u << 1 : element == 7 ? 1u << 2 : element == 5 ? 1u << 4
                    : element == 9 || element == 17 || element == 35 || element == 53 ? 1u : 0;
        if (valence > 31 || !(usual >> valence & 1)) return 0;
    }
    return 1;
}

typedef struct {
    Graph *whole, *part;
    int elements[128]; /* of the whole */
} Containing;

static int decide_part(void *context, const uint8_t *raw, Py_ssize_t size, int64_t *steps) {
    Containing *c = context;
    Graph *q = c->part;
    if (!decode_graph(q, raw, size) || !q->n || has_dummy(q)) return UNDECIDED;
    int counts[128] = {0};
    for (int a = 0; a < q->n; a++)
        if (++counts[q->elements[a] & 127] > c->elements[q->elements[a] & 127]) return NO;
    int found = is_part(q, c->whole, steps);
    return found == YES && !is_closed_shell(q) ? UNDECIDED : found;
}

/* Of each graph whether it is a part of the whole. */
static PyObject *decide_parts(PyObject *self, PyObject *args) {
    Py_buffer whole = {0};
    PyObject *list, *answer = NULL;
    Py_ssize_t at;
    long long steps;
    if (!PyArg_ParseTuple(args, "y*O!nL", &whole, &PyList_Type, &list, &at, &steps)) return NULL;
    Containing c = {malloc(sizeof(Graph)), malloc(sizeof(Graph)), {0}};
    if (!c.whole || !c.part) PyErr_NoMemory();
    else if (!decode_graph(c.whole, whole.buf, whole.len)) refuse("not an encoded graph");
    else {
        for (int a = 0; a < c.whole->n; a++) c.elements[c.whole->elements[a] & 127]++;
        answer = of_each(list, at, steps, decide_part, &c);
    }
    free(c.whole), free(c.part);
    PyBuffer_Release(&whole);
    return answer;
}
