/* Matrix products for a few rows: those of the walk through time, and the inputs' part of all sums.

   The right factor is packed once, in panels as wide as two vector registers, and met at every time
   step; sums stay in registers. Libraries made for large matrices reach three quarters of this
   speed at a batch of 32. REAL says float or double. */

#include <stdint.h>
#include <string.h>

#ifndef REAL
#define REAL float
#endif

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#define ROWS 8 /* of the left factor at once: 16 of 32 registers hold sums */
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#define ROWS 4
#else
#define VECTOR_BYTES 16
#define ROWS 4
#endif
#define TOGETHER 64 /* rows that meet a panel while it is in the cache */

typedef REAL vector __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL))));
#define LANES (VECTOR_BYTES / (int64_t)sizeof(REAL))
#define WIDTH (2 * LANES)

int64_t panel_width(void) { return WIDTH; }

/* Pack b `K N`, of any strides, for `peephole_product`: panels of `1+K WIDTH`, columns beyond N
   zero. The first row is `start` `N`, which the sums begin with, or zeros. */
void pack(const REAL *b, int64_t row, int64_t column, const REAL *start, int64_t K, int64_t N,
          REAL *packed) {
    for (int64_t n = 0; n < N; n += WIDTH) {
        int64_t columns = N - n < WIDTH ? N - n : WIDTH;
        memset(packed, 0, (K + 1) * WIDTH * sizeof(REAL));
        for (int64_t j = 0; start && j < columns; j++) packed[j] = start[n + j];
        for (int64_t k = 0; k < K; k++)
            for (int64_t j = 0; j < columns; j++)
                packed[(k + 1) * WIDTH + j] = b[k * row + (n + j) * column];
        packed += (K + 1) * WIDTH;
    }
}

/* One panel times `rows` rows; called with a constant, so that the sums become registers. */
static inline __attribute__((always_inline)) void tile(
    int64_t rows, const REAL *a, const REAL *panel, REAL *c, int64_t K, int64_t N, int64_t columns,
    int add) {
    vector sum[ROWS][2];
    for (int64_t m = 0; m < rows; m++)
        for (int64_t half = 0; half < 2; half++)
            sum[m][half] = ((const vector *)panel)[half];
    for (int64_t k = 0; k < K; k++) {
        const vector *b = (const vector *)(panel + (k + 1) * WIDTH);
        vector b_0 = b[0], b_1 = b[1];
        for (int64_t m = 0; m < rows; m++) {
            sum[m][0] += a[m * K + k] * b_0;
            sum[m][1] += a[m * K + k] * b_1;
        }
    }
    for (int64_t m = 0; m < rows; m++) {
        REAL *to = c + m * N;
        if (columns >= WIDTH) {
            for (int64_t half = 0; half < 2; half++) {
                vector *whole = (vector *)to + half;
                *whole = add ? *whole + sum[m][half] : sum[m][half];
            }
        } else {
            REAL part[WIDTH];
            memcpy(part, sum[m], sizeof part);
            for (int64_t j = 0; j < columns; j++) to[j] = add ? to[j] + part[j] : part[j];
        }
    }
}

/* c = start + a b, or with `add` c += start + a b: a `M K`, c `M N`, b packed. */
void peephole_product(const REAL *a, const REAL *packed, REAL *c, int64_t M, int64_t K, int64_t N,
                      int add) {
    for (int64_t top = 0; top < M; top += TOGETHER) {
        int64_t end = top + TOGETHER < M ? top + TOGETHER : M;
        for (int64_t n = 0; n < N; n += WIDTH) {
            const REAL *panel = packed + n * (K + 1);
            int64_t m = top;
            for (; m + ROWS <= end; m += ROWS)
                tile(ROWS, a + m * K, panel, c + m * N + n, K, N, N - n, add);
            for (; m < end; m++) tile(1, a + m * K, panel, c + m * N + n, K, N, N - n, add);
        }
    }
}
