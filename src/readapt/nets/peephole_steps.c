/* The LSTM with peepholes through time: a matrix product a step, and all the rest in one pass.

   The equations are those of `peephole_steps.py`, in the same letters. Compiled once for float and
   once for double: REAL says which. Rows are `hidden` long; gates lie in the order i f g o,
   peepholes in the order i f o. Directions and lines know nothing of each other, so that each
   thread walks through its own share of them. */

#include <stdint.h>

#ifndef REAL
#define REAL float
#define SINGLE
#endif

#ifdef SINGLE
#include "exponential.h"
#else
#include <math.h>
static inline double e_to(double x) { return exp(x); }
#endif

static inline REAL sigmoid(REAL a) { return 1 / (1 + e_to(-a)); }

static inline REAL tangent(REAL a) { return 2 * sigmoid(2 * a) - 1; }

struct sequence {
    int64_t directions, time, batch, hidden;
    REAL *gates;        /* direction time batch 4*hidden: sums of the inputs, gates at the end */
    REAL *h, *c;        /* direction time+1 batch hidden; step 0 is the first state */
    REAL *tanh_c;       /* direction time batch hidden */
    const REAL *p;      /* direction 3 hidden */
    const REAL *grad_h; /* direction time batch hidden */
    REAL *to_h, *to_c;  /* direction batch hidden: gradients handed from step to step */
    REAL *delta;        /* direction time batch 4*hidden */
};

/* Lines `from` to `to` of direction `d`, and what is their own. */
struct share {
    int64_t d, from, to;
    const REAL *U;  /* packed for `peephole_product`: transposed in the forward pass */
    REAL *grad_b;   /* 4*hidden, added to */
    REAL *grad_p;   /* 3 hidden, added to */
};

void peephole_product(const REAL *a, const REAL *packed, REAL *c, int64_t M, int64_t K, int64_t N,
                      int add);

/* Offset of the row of (direction d, step t, line b) where a direction has `steps` steps. */
#define ROW(steps, t, b) (((own->d * (steps) + (t)) * s->batch + (b)) * H)

static void forward_step(const struct sequence *s, const struct share *own, int64_t t) {
    const int64_t H = s->hidden;
    const REAL *restrict p_i = s->p + own->d * 3 * H, *restrict p_f = p_i + H;
    const REAL *restrict p_o = p_f + H;
    for (int64_t b = own->from; b < own->to; b++) {
        REAL *restrict i = s->gates + 4 * ROW(s->time, t, b);
        REAL *restrict f = i + H, *restrict g = f + H, *restrict o = g + H;
        const REAL *restrict c_old = s->c + ROW(s->time + 1, t, b);
        REAL *restrict c_new = s->c + ROW(s->time + 1, t + 1, b);
        REAL *restrict h_new = s->h + ROW(s->time + 1, t + 1, b);
        REAL *restrict tanh_new = s->tanh_c + ROW(s->time, t, b);
        if (t + 1 < s->time) /* the product that comes next adds to these */
            for (int64_t j = 0; j < 4 * H; j += 64 / sizeof(REAL))
                __builtin_prefetch(i + 4 * s->batch * H + j, 1);
#pragma omp simd
        for (int64_t j = 0; j < H; j++) {
            i[j] = sigmoid(i[j] + p_i[j] * c_old[j]);
            f[j] = sigmoid(f[j] + p_f[j] * c_old[j]);
            g[j] = tangent(g[j]);
            c_new[j] = f[j] * c_old[j] + i[j] * g[j];
            o[j] = sigmoid(o[j] + p_o[j] * c_new[j]);
            tanh_new[j] = tangent(c_new[j]);
            h_new[j] = o[j] * tanh_new[j];
        }
    }
}

static void backward_step(const struct sequence *s, const struct share *own, int64_t t) {
    const int64_t H = s->hidden;
    const REAL *restrict p_i = s->p + own->d * 3 * H, *restrict p_f = p_i + H;
    const REAL *restrict p_o = p_f + H;
    REAL *restrict grad_b = own->grad_b, *restrict grad_p = own->grad_p;
    for (int64_t b = own->from; b < own->to; b++) {
        const REAL *restrict i = s->gates + 4 * ROW(s->time, t, b);
        const REAL *restrict f = i + H, *restrict g = f + H, *restrict o = g + H;
        const REAL *restrict c_old = s->c + ROW(s->time + 1, t, b);
        const REAL *restrict c_new = s->c + ROW(s->time + 1, t + 1, b);
        const REAL *restrict tanh_new = s->tanh_c + ROW(s->time, t, b);
        const REAL *restrict grad_h = s->grad_h + ROW(s->time, t, b);
        const REAL *restrict to_h = s->to_h + ROW(1, 0, b);
        REAL *restrict to_c = s->to_c + ROW(1, 0, b);
        REAL *restrict delta = s->delta + 4 * ROW(s->time, t, b);
#pragma omp simd
        for (int64_t j = 0; j < H; j++) {
            REAL eps_c = grad_h[j] + to_h[j];
            REAL delta_o = o[j] * (1 - o[j]) * tanh_new[j] * eps_c;
            REAL eps_s = o[j] * (1 - tanh_new[j] * tanh_new[j]) * eps_c + p_o[j] * delta_o
                         + to_c[j];
            REAL delta_g = i[j] * (1 - g[j] * g[j]) * eps_s;
            REAL delta_f = f[j] * (1 - f[j]) * c_old[j] * eps_s;
            REAL delta_i = i[j] * (1 - i[j]) * g[j] * eps_s;
            to_c[j] = f[j] * eps_s + p_i[j] * delta_i + p_f[j] * delta_f;
            delta[j] = delta_i;
            delta[H + j] = delta_f;
            delta[2 * H + j] = delta_g;
            delta[3 * H + j] = delta_o;
            grad_b[j] += delta_i;
            grad_b[H + j] += delta_f;
            grad_b[2 * H + j] += delta_g;
            grad_b[3 * H + j] += delta_o;
            grad_p[j] += delta_i * c_old[j];
            grad_p[H + j] += delta_f * c_old[j];
            grad_p[2 * H + j] += delta_o * c_new[j];
        }
    }
}

void forward(const struct sequence *s, const struct share *own) {
    const int64_t H = s->hidden, lines = own->to - own->from;
    for (int64_t t = 0; t < s->time; t++) {
        REAL *sums = s->gates + 4 * ROW(s->time, t, own->from);
        peephole_product(s->h + ROW(s->time + 1, t, own->from), own->U, sums, lines, H, 4 * H, 1);
        forward_step(s, own, t);
    }
}

void backward(const struct sequence *s, const struct share *own) {
    const int64_t H = s->hidden, lines = own->to - own->from;
    for (int64_t t = s->time - 1; t >= 0; t--) {
        backward_step(s, own, t);
        const REAL *delta = s->delta + 4 * ROW(s->time, t, own->from);
        peephole_product(delta, own->U, s->to_h + ROW(1, 0, own->from), lines, 4 * H, H, 0);
    }
}
