/* Loudness: two second-order filters a channel (ITU-R BS.1770-4), and sums over hops of the signal.  Included by
 * _kernels.c; nlsearch/kernels/loudness.py says what it computes. */

typedef struct { double b0, b1, b2, a1, a2; } Biquad;

/* One hop of `count` channels that lie side by side, so that their recursions overlap in time.  state: 4 values a channel;
 * out: 4 values a channel: weighted power, sum, power, peak. */
INLINE void weigh_hop(const float *samples, Py_ssize_t frames, Py_ssize_t stride, const Biquad *f, double *state,
                      double *out, int count) {
    double s[2][4], sums[2][4] = {{0}};
    for (int c = 0; c < count; c++) memcpy(s[c], state + 4 * c, sizeof s[c]);
    for (Py_ssize_t i = 0; i < frames; i++) {
        for (int c = 0; c < count; c++) {
            double x = samples[i * stride + c];
            double y = f[0].b0 * x + s[c][0];
            s[c][0] = f[0].b1 * x - f[0].a1 * y + s[c][1];
            s[c][1] = f[0].b2 * x - f[0].a2 * y;
            double z = f[1].b0 * y + s[c][2];
            s[c][2] = f[1].b1 * y - f[1].a1 * z + s[c][3];
            s[c][3] = f[1].b2 * y - f[1].a2 * z;
            double height = x < 0 ? -x : x;
            sums[c][0] += z * z;
            sums[c][1] += x;
            sums[c][2] += x * x;
            if (height > sums[c][3]) sums[c][3] = height;
        }
    }
    for (int c = 0; c < count; c++) {
        for (int k = 0; k < 4; k++) state[4 * c + k] = s[c][k] < 1e-30 && s[c][k] > -1e-30 ? 0 : s[c][k];
        memcpy(out + 4 * c, sums[c], sizeof sums[c]);
    }
}

/* weigh_hops(samples, channels, hop, filters, state, out): samples f32 (n, channels), n a multiple of hop; filters f64 (2, 5):
 * b0 b1 b2 a1 a2; state f64 (channels, 4), changed; out f64 (n / hop, channels, 4) */
static PyObject *weigh_hops(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer b[4] = {{0}};
    Py_ssize_t channels, hop;
    if (!PyArg_ParseTuple(args, "y*nny*w*w*", &b[0], &channels, &hop, &b[1], &b[2], &b[3])) return NULL;
    Py_ssize_t frames = channels > 0 ? b[0].len / 4 / channels : 0;
    if (channels < 1 || channels > 65536 || hop < 1 || b[0].len != frames * channels * 4 || frames % hop ||
        b[1].len != (Py_ssize_t)sizeof(Biquad[2]) || b[2].len != channels * 32 || b[3].len != frames / hop * channels * 32) {
        release(b, 4);
        return refuse("weigh_hops: lengths do not fit");
    }
    const float *samples = b[0].buf;
    double *state = b[2].buf, *out = b[3].buf;
    Biquad filters[2];
    memcpy(filters, b[1].buf, sizeof filters);
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t h = 0; h < frames / hop; h++) {
        const float *row = samples + h * hop * channels;
        double *sums = out + h * channels * 4;
        Py_ssize_t c = 0;
        for (; c + 2 <= channels; c += 2) weigh_hop(row + c, hop, channels, filters, state + 4 * c, sums + 4 * c, 2);
        if (c < channels) weigh_hop(row + c, hop, channels, filters, state + 4 * c, sums + 4 * c, 1);
    }
    Py_END_ALLOW_THREADS
    release(b, 4);
    Py_RETURN_NONE;
}
