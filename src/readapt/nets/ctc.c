/* CTC's forward-backward recursion over one line after another, in log space, in floats.

   Graves et al. 2006, equations 5 to 15, in the letters of `recognize/ctc.py`: a label of U
   characters becomes S = 2 U + 1 states, blanks at even s. Every frame's alpha and beta are moved
   so that the largest is 0, which no posterior sees and which keeps floats exact enough where it
   matters; what was moved is summed in double precision. */

#include <math.h>
#include <stdint.h>

#include "exponential.h"

#define NEVER -1e30f /* ln 0: what is added to it changes nothing */
#define LEAST -1e4f  /* no class is less likely: keeps infinities out of differences */

static inline float larger(float a, float b) { return a > b ? a : b; }

/* ln(e^a + e^b + e^c). */
static inline float sum_of(float a, float b, float c) {
    float most = larger(larger(a, b), c);
    return most + ln_of(e_to(a - most) + e_to(b - most) + e_to(c - most));
}

/* Subtract the largest of `count` numbers from all of them; returns it. */
static float lower(float *row, int64_t count) {
    float most = NEVER;
#pragma omp simd reduction(max : most)
    for (int64_t s = 0; s < count; s++) most = larger(most, row[s]);
    for (int64_t s = 0; s < count; s++) row[s] -= most;
    return most;
}

/* Floats of scratch that a line of `time` frames and `length` characters needs. */
int64_t ctc_scratch(int64_t time, int64_t length) { return (2 * time + 5) * (2 * length + 5); }

/* Returns -ln p(label | line), infinite where the frames are too few for it. `log_probs` `time
   classes`; `posteriors` `time classes`, zeros on entry: at the end the probability that frame t
   shows class k, given the label. */
static double ctc_line(const float *log_probs, int64_t time, int64_t classes, const int64_t *label,
                       int64_t length, float *posteriors, float *scratch) {
    if (time == 0) return length ? INFINITY : 0.0;
    const int64_t S = 2 * length + 1, row = S + 4; /* two states of ln 0 on either side */
    float *emissions = scratch, *alpha = emissions + time * row, *beta = alpha + time * row;
    float *next = beta + row, *leap = next + row, *own = leap + row;
    for (int64_t i = 0; i < time * row; i++) alpha[i] = NEVER;
    for (int64_t i = 0; i < row; i++) beta[i] = next[i] = leap[i] = NEVER;
    for (int64_t u = 1; u < length; u++)
        if (label[u] != label[u - 1]) leap[2 + 2 * u + 1] = 0.0f;
    for (int64_t t = 0; t < time; t++) {
        const float *frame = log_probs + t * classes;
        float *e = emissions + t * row + 2, blank = larger(frame[0], LEAST);
        for (int64_t s = 0; s < S; s += 2) e[s] = blank;
        for (int64_t u = 0; u < length; u++) e[2 * u + 1] = larger(frame[label[u]], LEAST);
    }
    double moved = 0.0;
    for (int64_t t = 0; t < time; t++) {
        float *restrict to = alpha + t * row + 2;
        const float *restrict from = to - row, *restrict e = emissions + t * row + 2;
        const float *restrict may = leap + 2;
        if (t == 0) {
            to[0] = e[0];
            if (length) to[1] = e[1];
        } else {
#pragma omp simd
            for (int64_t s = 0; s < S; s++)
                to[s] = sum_of(from[s], from[s - 1], from[s - 2] + may[s]) + e[s];
        }
        moved += lower(to, S);
    }
    const float *end = alpha + (time - 1) * row + 2 + S - 1;
    double likelihood = length ? sum_of(end[0], end[-1], NEVER) : end[0];
    if (likelihood < 0.5f * NEVER || moved < 0.5f * NEVER) return INFINITY;
    for (int64_t t = time - 1; t >= 0; t--) {
        float *restrict to = beta + 2, *restrict p = own + 2;
        const float *restrict after = next + 2, *restrict may = leap + 2;
        const float *restrict a = alpha + t * row + 2;
        if (t == time - 1) {
            to[S - 1] = 0.0f;
            if (length) to[S - 2] = 0.0f;
        } else {
#pragma omp simd
            for (int64_t s = 0; s < S; s++)
                to[s] = sum_of(after[s], after[s + 1], after[s + 2] + may[s + 2]);
            lower(to, S);
        }
        float most = NEVER, sum = 0.0f;
#pragma omp simd reduction(max : most)
        for (int64_t s = 0; s < S; s++) most = larger(most, a[s] + to[s]);
#pragma omp simd reduction(+ : sum)
        for (int64_t s = 0; s < S; s++) {
            float occupation = a[s] + to[s] - most;
            p[s] = occupation < -80.0f ? 0.0f : e_to(occupation);
            sum += p[s];
        }
        float *frame = posteriors + t * classes, blank = 0.0f;
#pragma omp simd reduction(+ : blank)
        for (int64_t s = 0; s < S; s += 2) blank += p[s];
        frame[0] = blank / sum;
        for (int64_t u = 0; u < length; u++) frame[label[u]] += p[2 * u + 1] / sum;
        const float *restrict e = emissions + t * row + 2;
        float *restrict into = next + 2;
        for (int64_t s = 0; s < S; s++) into[s] = to[s] + e[s];
    }
    return -(moved + likelihood);
}

/* A batch: `log_probs` and `posteriors` `batch time classes`; of each line the first `frames`
   count; `labels` one after the other. */
void ctc(int64_t batch, int64_t time, int64_t classes, const float *log_probs,
         const int64_t *frames, const int64_t *labels, const int64_t *lengths, float *posteriors,
         double *losses, float *scratch) {
    for (int64_t b = 0; b < batch; b++) {
        losses[b] = ctc_line(log_probs + b * time * classes, frames[b], classes, labels, lengths[b],
                             posteriors + b * time * classes, scratch);
        labels += lengths[b];
    }
}
