/* Molecular graphs: encoding, structural terms, and whether a pattern is in them; a part of _kernels.c.
 * The formats and the meaning are described in nlsearch/kernels/graphs.py, whose functions are the oracle. */

#define MOST_ATOMS 1000
#define MOST_BONDS 2000
#define MOST_PATTERN 250
#define GRAPH_HEAD 6
#define STEREO 1
#define REORDERED 2
#define NOWHERE 0xFFFF
#define SLANTED 4 /* a bond written as a slash */

typedef struct {
    int n, m, flags, ringed; /* ringed: whether in_ring is filled in */
    const uint8_t *elements, *states, *rings;
    uint16_t first[MOST_ATOMS + 1], to[2 * MOST_BONDS], bond[2 * MOST_BONDS];
    uint16_t ends[MOST_BONDS][2];
    uint8_t kind[MOST_BONDS], in_ring[MOST_BONDS];
    uint16_t isotope[MOST_ATOMS];
    int has_isotopes;
    const uint8_t *order; /* u16 of each atom: its number in the molecule; NULL if that is the same */
} Graph;

INLINE unsigned u16(const uint8_t *p) { return p[0] | (unsigned)p[1] << 8; }

/* Decode a graph; false if the bytes are none. */
static int decode_graph(Graph *g, const uint8_t *raw, Py_ssize_t size) {
    if (size < GRAPH_HEAD) return 0;
    g->flags = raw[0];
    g->n = (int)u16(raw + 1);
    int closures = (int)u16(raw + 3), isotopes = raw[5], n = g->n;
    int reordered = g->flags & REORDERED;
    if (n > MOST_ATOMS || size < GRAPH_HEAD + (reordered ? 6 : 4) * (Py_ssize_t)n + 4 * (closures + isotopes)) return 0;
    g->elements = raw + GRAPH_HEAD, g->states = g->elements + n, g->rings = g->states + n;
    const uint8_t *tree = g->rings + n, *more = tree + n;
    memset(g->first, 0, sizeof(uint16_t) * (size_t)(n + 1));
    int m = 0;
    for (int a = 0; a < n; a++) {
        int offset = tree[a] & 63;
        if (!offset) continue;
        if (offset > a) return 0;
        g->ends[m][0] = (uint16_t)(a - offset), g->ends[m][1] = (uint16_t)a, g->kind[m++] = tree[a] >> 6;
    }
    for (int c = 0; c < closures; c++, more += 4) {
        unsigned a = u16(more), b = u16(more + 2) & 0x3FFF;
        if (m >= MOST_BONDS || (int)a >= n || (int)b >= n || a == b) return 0;
        g->ends[m][0] = (uint16_t)a, g->ends[m][1] = (uint16_t)b, g->kind[m++] = more[3] >> 6;
    }
    g->m = m, g->ringed = 0;
    if ((g->has_isotopes = isotopes > 0)) {
        memset(g->isotope, 0, sizeof(uint16_t) * (size_t)n);
        for (int i = 0; i < isotopes; i++, more += 4) {
            if ((int)u16(more) >= n) return 0;
            g->isotope[u16(more)] = (uint16_t)u16(more + 2);
        }
    }
    g->order = reordered ? more : NULL;
    for (int a = 0; reordered && a < n; a++)
        if ((int)u16(more + 2 * a) >= n) return 0;
    for (int b = 0; b < m; b++) g->first[g->ends[b][0]]++, g->first[g->ends[b][1]]++;
    for (int a = 0, sum = 0; a <= n; a++) {
        sum += a < n ? g->first[a] : 0;
        g->first[a] = (uint16_t)sum; /* the end of each list; the next loop moves it to the start */
    }
    for (int b = m - 1; b >= 0; b--)
        for (int side = 0; side < 2; side++) {
            int at = --g->first[g->ends[b][side]];
            g->to[at] = g->ends[b][1 - side], g->bond[at] = (uint16_t)b;
        }
    return 1;
}

/* Mark the bonds that are in a ring: all but the bridges (Tarjan 1974). */
static void mark_rings(Graph *g) {
    static const uint16_t unseen = 0;
    uint16_t seen[MOST_ATOMS], low[MOST_ATOMS], cursor[MOST_ATOMS], path[MOST_ATOMS], by[MOST_ATOMS], count = 0;
    for (int a = 0; a < g->n; a++) seen[a] = unseen;
    memset(g->in_ring, 1, (size_t)g->m);
    for (int root = 0; root < g->n; root++) {
        if (seen[root]) continue;
        int depth = 0;
        path[0] = (uint16_t)root, by[0] = NOWHERE, seen[root] = low[root] = ++count, cursor[root] = g->first[root];
        while (depth >= 0) {
            int a = path[depth];
            if (cursor[a] < g->first[a + 1]) {
                int at = cursor[a]++, b = g->to[at];
                if (g->bond[at] == by[depth]) continue;
                if (seen[b]) {
                    if (seen[b] < low[a]) low[a] = seen[b];
                } else {
                    path[++depth] = (uint16_t)b, by[depth] = g->bond[at];
                    seen[b] = low[b] = ++count, cursor[b] = g->first[b];
                }
            } else if (--depth >= 0) {
                int up = path[depth];
                if (low[a] < low[up]) low[up] = low[a];
                if (low[a] > seen[up]) g->in_ring[by[depth + 1]] = 0;
            }
        }
    }
    g->ringed = 1;
}

/* ------------------------------------------------------------------------------------------------------- encoding */
static const char *const SYMBOLS[] = {
    "*",  "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",  "S",  "Cl", "Ar", "K",
    "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",
    "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr",
    "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re", "Os", "Ir", "Pt", "Au",
    "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es",
    "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og"};

typedef struct {
    int n, closures, isotopes, flags, slanted_is_aromatic;
    uint8_t elements[MOST_ATOMS], states[MOST_ATOMS], tree[MOST_ATOMS];
    uint16_t closed[MOST_BONDS][2], isotope[255][2], order[MOST_ATOMS];
    uint8_t kinds[MOST_BONDS];
} Draft;

static int number_of(const char **at, const char *end) {
    int value = 0;
    while (*at < end && **at >= '0' && **at <= '9') {
        value = 10 * value + (*(*at)++ - '0');
        if (value > 9999) return 10000;
    }
    return value;
}

/* Read what stands between brackets; false if it is not understood. */
static int read_atom(Draft *d, const char **at, const char *end) {
    const char *p = *at;
    int isotope = number_of(&p, end), aromatic = 0, element = -1, hydrogens = 0, charge = 0, handed = 0;
    if (p >= end || d->n >= MOST_ATOMS) return 0;
    char name[3] = {*p, 0, 0};
    if (*p >= 'a' && *p <= 'z') aromatic = 1, name[0] = (char)(*p - 32);
    p++;
    if (p >= end || *p < 'a' || *p > 'z') { /* the usual ones, without a search */
        static const char letters[] = "CNOSFPIBH";
        static const uint8_t numbers[] = {6, 7, 8, 16, 9, 15, 53, 5, 1};
        const char *place = strchr(letters, name[0]);
        if (place && *place) element = numbers[place - letters];
    }
    for (int length = p < end && *p >= 'a' && *p <= 'z' ? 2 : 1; length && element < 0; length--) {
        name[1] = length == 2 ? *p : 0;
        for (int e = 0; e < (int)(sizeof SYMBOLS / sizeof *SYMBOLS); e++)
            if (!strcmp(SYMBOLS[e], name)) element = e, p += length - 1;
    }
    if (element < 0) return 0;
    while (p < end && *p == '@') d->flags |= STEREO, handed = 1, p++;
    if (handed && end - p >= 2) { /* @TH1, @SP2 … */
        static const char *const shapes[] = {"TH", "AL", "SP", "TB", "OH"};
        for (int s = 0; s < 5; s++)
            if (!strncmp(p, shapes[s], 2)) {
                p += 2;
                number_of(&p, end);
                break;
            }
    }
    if (p < end && *p == 'H') {
        p++;
        hydrogens = p < end && *p >= '0' && *p <= '9' ? number_of(&p, end) : 1;
    }
    if (p < end && (*p == '+' || *p == '-')) {
        int sign = *p == '+' ? 1 : -1, run = 0;
        while (p < end && (*p == '+' || *p == '-')) run++, p++;
        charge = p < end && *p >= '0' && *p <= '9' ? number_of(&p, end) : run;
        charge *= sign;
    }
    if (p < end && *p == ':') {
        p++;
        number_of(&p, end);
    }
    if (p >= end || *p != ']' || hydrogens > 7 || charge < -8 || charge > 7 || isotope > 9999) return 0;
    if (isotope) {
        if (d->isotopes == 255) return 0;
        d->isotope[d->isotopes][0] = (uint16_t)d->n, d->isotope[d->isotopes++][1] = (uint16_t)isotope;
    }
    d->elements[d->n] = (uint8_t)(element | aromatic << 7);
    d->states[d->n] = (uint8_t)(hydrogens | handed << 3 | (charge + 8) << 4);
    *at = p + 1;
    return 1;
}

/* RDKit writes a slash for aromatic bonds too, so that between aromatic atoms it is settled by who asks. */
INLINE int settled(const Draft *d, int kind, int a, int b) {
    if (kind != SLANTED) return kind;
    return !(d->elements[a] & d->elements[b] & 128) ? 0 : d->slanted_is_aromatic ? 3 : -1;
}

/* Read a SMILES in which every atom is in brackets and every bond is written; false if it is not understood. */
static int read_smiles(Draft *d, const char *p, const char *end) {
    int last = -1, kind = -1, depth = 0, branch[MOST_ATOMS];
    struct {
        int atom, kind;
    } open[1000];
    for (int i = 0; i < 1000; i++) open[i].atom = -1;
    d->n = d->closures = d->isotopes = d->flags = 0;
    while (p < end) {
        char c = *p++;
        if (c == '[') {
            int a = d->n;
            if (!read_atom(d, &p, end)) return 0;
            d->tree[a] = 0;
            if (last >= 0) {
                if ((kind = settled(d, kind, last, a)) < 0) return 0;
                if (a - last < 63) d->tree[a] = (uint8_t)(kind << 6 | (a - last));
                else if (d->closures < MOST_BONDS) {
                    d->closed[d->closures][0] = (uint16_t)last, d->closed[d->closures][1] = (uint16_t)a;
                    d->kinds[d->closures++] = (uint8_t)kind;
                } else return 0;
            }
            d->n++, last = a, kind = -1;
        } else if (c == '(') {
            if (depth == MOST_ATOMS || last < 0) return 0;
            branch[depth++] = last;
        } else if (c == ')') {
            if (!depth) return 0;
            last = branch[--depth];
        } else if (c == '.') last = -1;
        else if (c == '-' && p < end && *p != '>') kind = 0;
        else if (c == '/' || c == '\\') kind = SLANTED, d->flags |= STEREO;
        else if (c == '=') kind = 1;
        else if (c == '#') kind = 2;
        else if (c == ':') kind = 3;
        else if ((c >= '0' && c <= '9') || c == '%') {
            int label = c - '0';
            if (c == '%' && p < end && *p == '(') {
                p++;
                label = number_of(&p, end);
                if (p >= end || *p++ != ')') return 0;
            } else if (c == '%') {
                if (end - p < 2) return 0;
                label = 10 * (p[0] - '0') + (p[1] - '0'), p += 2;
            }
            if (label < 0 || label > 999 || last < 0) return 0;
            if (open[label].atom < 0) open[label].atom = last, open[label].kind = kind;
            else {
                int k = settled(d, kind < 0 || open[label].kind == SLANTED ? open[label].kind : kind, open[label].atom, last);
                if (k < 0 || d->closures == MOST_BONDS) return 0;
                d->closed[d->closures][0] = (uint16_t)open[label].atom, d->closed[d->closures][1] = (uint16_t)last;
                d->kinds[d->closures++] = (uint8_t)k, open[label].atom = -1;
            }
            kind = -1;
        } else return 0;
    }
    return depth == 0 && d->n + d->closures <= MOST_BONDS;
}

/* Read the molecule's number of each atom of the SMILES; false if it is not understood. */
static int read_order(Draft *d, const char *p, const char *end) {
    int read = 0;
    for (; p < end && read < d->n; p += p < end)
        if (*p >= '0' && *p <= '9') {
            int a = number_of(&p, end);
            if (a >= d->n) return 0;
            if (a != read) d->flags |= REORDERED;
            d->order[read++] = (uint16_t)a;
        }
    return read == d->n;
}

INLINE int ring_code(Py_ssize_t size) { return size > 16 ? 15 : (int)size - 2; }

static PyObject *encode_graph(PyObject *self, PyObject *args) {
    const char *smiles, *order;
    Py_ssize_t length, order_length;
    PyObject *rings;
    int slanted_is_aromatic;
    if (!PyArg_ParseTuple(args, "s#s#O!p", &smiles, &length, &order, &order_length, &PyTuple_Type, &rings,
                          &slanted_is_aromatic))
        return NULL;
    Draft *d = malloc(sizeof *d);
    if (!d) return PyErr_NoMemory();
    PyObject *answer = NULL;
    uint8_t of_atom[MOST_ATOMS] = {0};
    d->slanted_is_aromatic = slanted_is_aromatic;
    if (!read_smiles(d, smiles, smiles + length)) goto nothing;
    for (Py_ssize_t r = 0; r < PyTuple_GET_SIZE(rings); r++) {
        PyObject *ring = PyTuple_GET_ITEM(rings, r);
        if (!PyTuple_Check(ring) || PyTuple_GET_SIZE(ring) < 3) goto nothing;
        int code = ring_code(PyTuple_GET_SIZE(ring));
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(ring); i++) {
            long a = PyLong_AsLong(PyTuple_GET_ITEM(ring, i));
            if (a < 0 || a >= d->n) goto nothing;
            int known = of_atom[a] >> 4, count = of_atom[a] & 15;
            if (count == 15) goto nothing;
            of_atom[a] = (uint8_t)((!known || code < known ? code : known) << 4 | (count + 1));
        }
    }
    for (int a = 0; a < d->n; a++) /* molfiles have aromatic bonds of other atoms, about which RDKit has own views */
        if (d->tree[a] & 63 && d->tree[a] >> 6 == 3 && !(d->elements[a] & d->elements[a - (d->tree[a] & 63)] & 128)) goto nothing;
    for (int c = 0; c < d->closures; c++)
        if (d->kinds[c] == 3 && !(d->elements[d->closed[c][0]] & d->elements[d->closed[c][1]] & 128)) goto nothing;
    if (!read_order(d, order, order + order_length)) goto nothing;
    Py_ssize_t size = GRAPH_HEAD + 4 * (Py_ssize_t)d->n + 4 * (d->closures + d->isotopes);
    if (d->flags & REORDERED) size += 2 * (Py_ssize_t)d->n;
    answer = PyBytes_FromStringAndSize(NULL, size);
    if (!answer) goto done;
    uint8_t *out = (uint8_t *)PyBytes_AS_STRING(answer), *at = out + GRAPH_HEAD;
    out[0] = (uint8_t)d->flags, out[1] = (uint8_t)d->n, out[2] = (uint8_t)(d->n >> 8);
    out[3] = (uint8_t)d->closures, out[4] = (uint8_t)(d->closures >> 8), out[5] = (uint8_t)d->isotopes;
    memcpy(at, d->elements, (size_t)d->n), at += d->n;
    memcpy(at, d->states, (size_t)d->n), at += d->n;
    for (int a = 0; a < d->n; a++) *at++ = of_atom[d->order[a]];
    memcpy(at, d->tree, (size_t)d->n), at += d->n;
    for (int c = 0; c < d->closures; c++, at += 4) {
        unsigned b = d->closed[c][1] | (unsigned)d->kinds[c] << 14;
        at[0] = (uint8_t)d->closed[c][0], at[1] = (uint8_t)(d->closed[c][0] >> 8);
        at[2] = (uint8_t)b, at[3] = (uint8_t)(b >> 8);
    }
    for (int i = 0; i < d->isotopes; i++, at += 4)
        for (int j = 0; j < 2; j++)
            at[2 * j] = (uint8_t)d->isotope[i][j], at[2 * j + 1] = (uint8_t)(d->isotope[i][j] >> 8);
    for (int a = 0; a < d->n && d->flags & REORDERED; a++, at += 2)
        at[0] = (uint8_t)d->order[a], at[1] = (uint8_t)(d->order[a] >> 8);
    goto done;
nothing:
    if (!PyErr_Occurred()) answer = PyBytes_FromStringAndSize(NULL, 0);
done:
    free(d);
    return answer;
}

/* The graph with every hydrogen as an atom of its own; empty if these are too many. */
static PyObject *with_hydrogens(PyObject *self, PyObject *args) {
    Py_buffer b = {0};
    if (!PyArg_ParseTuple(args, "y*", &b)) return NULL;
    Graph *g = malloc(sizeof *g);
    PyObject *answer = NULL;
    if (!g) PyErr_NoMemory();
    else if (!decode_graph(g, b.buf, b.len)) refuse("not an encoded graph");
    else {
        const uint8_t *raw = b.buf;
        int n = g->n, added = 0, far = 0, closures = (int)u16(raw + 3), isotopes = raw[5];
        for (int a = 0; a < n; a++) added += g->states[a] & 7;
        for (int a = 0, at = n; a < n; a++)
            for (int h = g->states[a] & 7; h; h--) far += at++ - a > 62;
        int all = n + added, bonds = closures + far;
        if (all > MOST_ATOMS || all + bonds > MOST_BONDS) all = added = far = 0;
        answer = PyBytes_FromStringAndSize(NULL, all ? GRAPH_HEAD + 4 * (Py_ssize_t)all + 4 * (bonds + isotopes) : 0);
        if (answer && all) {
            uint8_t *out = (uint8_t *)PyBytes_AS_STRING(answer), *head = out + GRAPH_HEAD;
            out[0] = raw[0] & ~REORDERED, out[1] = (uint8_t)all, out[2] = (uint8_t)(all >> 8);
            out[3] = (uint8_t)bonds, out[4] = (uint8_t)(bonds >> 8), out[5] = (uint8_t)isotopes;
            for (int row = 0; row < 4; row++) memcpy(head + row * all, raw + GRAPH_HEAD + row * n, (size_t)n);
            const uint8_t *more = raw + GRAPH_HEAD + 4 * n;
            uint8_t *end = head + 4 * all;
            memcpy(end, more, (size_t)(4 * closures)), end += 4 * closures;
            for (int a = 0, at = n; a < n; a++) {
                head[all + a] = (uint8_t)(g->states[a] & 0xF8);
                for (int h = g->states[a] & 7; h; h--, at++) {
                    head[at] = 1, head[all + at] = 8 << 4, head[2 * all + at] = 0;
                    head[3 * all + at] = (uint8_t)(at - a > 62 ? 0 : at - a);
                    if (at - a > 62) {
                        end[0] = (uint8_t)a, end[1] = (uint8_t)(a >> 8), end[2] = (uint8_t)at, end[3] = (uint8_t)(at >> 8);
                        end += 4;
                    }
                }
            }
            memcpy(end, more + 4 * closures, (size_t)(4 * isotopes));
        }
    }
    free(g);
    PyBuffer_Release(&b);
    return answer;
}

/* ---------------------------------------------------------------------------------------------------------- terms */
#define TERM_BONDS 5
#define MOST_SUBGRAPHS 2000000 /* of an atom with 80 neighbours there are 24 million */

INLINE uint64_t mix64(uint64_t x) {
    x ^= x >> 30, x *= 0xBF58476D1CE4E5B9u;
    x ^= x >> 27, x *= 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static const uint64_t KIND_SALT[4] = {0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u, 0xD6E8FEB86659FD93u};

typedef struct {
    Graph *g;
    uint64_t atom[MOST_ATOMS], lead[MOST_BONDS][2]; /* lead[b][s]: what end s of bond b tells the other end */
    uint16_t chosen[TERM_BONDS];
    uint8_t mark[MOST_BONDS]; /* neighbours of the chosen bonds, and the chosen */
    uint32_t *out, hashes;
    Py_ssize_t found, room;
    uint8_t *taken; /* one bit a hash */
    int left;       /* subgraphs that may still be hashed; below 0 there are too many */
} Terms;

static void hash_subgraph(Terms *t, int bonds) {
    uint16_t atoms[TERM_BONDS + 1];
    uint8_t place[TERM_BONDS][2];
    int n = 0;
    uint64_t label[TERM_BONDS + 1], sum[TERM_BONDS + 1];
    for (int i = 0; i < bonds; i++)
        for (int s = 0; s < 2; s++) {
            int a = t->g->ends[t->chosen[i]][s], k = 0;
            while (k < n && atoms[k] != a) k++;
            if (k == n) atoms[n] = (uint16_t)a, sum[n] = 3 * t->atom[a], n++;
            place[i][s] = (uint8_t)k;
        }
    for (int i = 0; i < bonds; i++)
        sum[place[i][0]] += t->lead[t->chosen[i]][1], sum[place[i][1]] += t->lead[t->chosen[i]][0];
    for (int k = 0; k < n; k++) label[k] = mix64(sum[k]), sum[k] = 3 * label[k];
    for (int i = 0; i < bonds; i++) {
        uint64_t salt = KIND_SALT[t->g->kind[t->chosen[i]]];
        sum[place[i][0]] += mix64(label[place[i][1]] ^ salt), sum[place[i][1]] += mix64(label[place[i][0]] ^ salt);
    }
    uint64_t whole = (uint64_t)bonds * KIND_SALT[0];
    for (int k = 0; k < n; k++) whole += mix64(sum[k]);
    uint32_t term = (uint32_t)(mix64(whole) % t->hashes);
    if (t->taken[term >> 3] >> (term & 7) & 1) return;
    t->taken[term >> 3] |= (uint8_t)(1u << (term & 7));
    if (t->found < t->room) t->out[t->found] = term;
    t->found++;
}

/* Every connected set of up to TERM_BONDS bonds once: ESU (Wernicke 2006) on bonds that share an atom. */
static void grow(Terms *t, int bonds, const uint16_t *extension, int waiting, int root) {
    if (--t->left < 0) return;
    hash_subgraph(t, bonds);
    if (bonds == TERM_BONDS) return;
    Graph *g = t->g;
    uint16_t next[MOST_BONDS], fresh[MOST_BONDS];
    while (waiting && t->left >= 0) {
        int bond = extension[--waiting], ahead = waiting, added = 0;
        memcpy(next, extension, sizeof(uint16_t) * (size_t)waiting);
        for (int s = 0; s < 2; s++)
            for (int at = g->first[g->ends[bond][s]]; at < g->first[g->ends[bond][s] + 1]; at++) {
                int other = g->bond[at];
                if (other <= root || t->mark[other]) continue;
                t->mark[other] = 1, fresh[added++] = (uint16_t)other, next[ahead++] = (uint16_t)other;
            }
        t->chosen[bonds] = (uint16_t)bond;
        grow(t, bonds + 1, next, ahead, root);
        while (added) t->mark[fresh[--added]] = 0;
    }
}

static void collect_terms(Terms *t) {
    Graph *g = t->g;
    t->left = MOST_SUBGRAPHS;
    memset(t->mark, 0, (size_t)g->m);
    for (int a = 0; a < g->n; a++) t->atom[a] = mix64((uint64_t)(g->elements[a] & 127) + 1);
    for (int b = 0; b < g->m; b++)
        for (int s = 0; s < 2; s++) t->lead[b][s] = mix64(t->atom[g->ends[b][s]] ^ KIND_SALT[g->kind[b]]);
    uint16_t around[MOST_BONDS];
    for (int root = 0; root < g->m && t->left >= 0; root++) {
        int waiting = 0;
        t->mark[root] = 1;
        for (int s = 0; s < 2; s++)
            for (int at = g->first[g->ends[root][s]]; at < g->first[g->ends[root][s] + 1]; at++) {
                int other = g->bond[at];
                if (other > root && !t->mark[other]) t->mark[other] = 1, around[waiting++] = (uint16_t)other;
            }
        t->chosen[0] = (uint16_t)root;
        grow(t, 1, around, waiting, root);
        for (int i = 0; i < waiting; i++) t->mark[around[i]] = 0;
        t->mark[root] = 0;
    }
}

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static PyObject *graph_terms(PyObject *self, PyObject *args) {
    Py_buffer b[2] = {{0}};
    unsigned hashes;
    int joined;
    if (!PyArg_ParseTuple(args, "y*Ipw*", &b[0], &hashes, &joined, &b[1])) return release(b, 2), NULL;
    Graph *g = malloc(sizeof *g);
    Terms *t = malloc(sizeof *t);
    uint8_t *taken = calloc(1, hashes / 8 + 1);
    PyObject *answer = NULL;
    if (!g || !t || !taken) PyErr_NoMemory();
    else if (!hashes || !decode_graph(g, b[0].buf, b[0].len)) refuse("not an encoded graph");
    else {
        t->g = g, t->out = b[1].buf, t->room = b[1].len / 4, t->found = 0, t->hashes = hashes, t->taken = taken;
        Py_BEGIN_ALLOW_THREADS
        collect_terms(t);
        int again = 0; /* single bonds between aromatic atoms, taken for aromatic ones */
        for (int i = 0; joined && i < g->m; i++)
            if (!g->kind[i] && g->elements[g->ends[i][0]] & g->elements[g->ends[i][1]] & 128) g->kind[i] = 3, again = 1;
        if (again && t->left >= 0) collect_terms(t);
        if (t->found <= t->room) qsort(t->out, (size_t)t->found, 4, by_number);
        Py_END_ALLOW_THREADS
        answer = PyLong_FromSsize_t(t->left < 0 ? -1 : t->found);
    }
    free(g), free(t), free(taken);
    release(b, 2);
    return answer;
}
