/* e^x and ln x for floats, written out so that a compiler turns loops of them into vector code. */

#ifndef EXPONENTIAL_H
#define EXPONENTIAL_H

#include <stdint.h>

/* e^x as 2^n times a polynomial in the rest, |rest| <= ln(2) / 2; off by 2 units in the last place
   at most. Below -87 it stays e^-87, and above 88 e^88. */
static inline float e_to(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    union { float real; int32_t bits; } shifted = {x * 1.44269504f + 12582912.0f};
    float n = shifted.real - 12582912.0f;
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float sum = 1.9875691500e-4f;
    sum = sum * r + 1.3981999507e-3f;
    sum = sum * r + 8.3334519073e-3f;
    sum = sum * r + 4.1665795894e-2f;
    sum = sum * r + 1.6666665459e-1f;
    sum = sum * r + 5.0000001201e-1f;
    union { int32_t bits; float real; } power = {(shifted.bits - 0x4b400000 + 127) << 23};
    return (sum * r * r + r + 1.0f) * power.real;
}

/* ln x for normal x > 0: the exponent, and a polynomial in what the mantissa, brought between
   sqrt(1/2) and sqrt(2), is above 1; off by 2 units in the last place of the larger of both. */
static inline float ln_of(float x) {
    union { float real; int32_t bits; } number = {x};
    int32_t n = (number.bits - 0x3f3504f3) >> 23;
    union { int32_t bits; float real; } mantissa = {number.bits - n * 0x800000};
    float r = mantissa.real - 1.0f, square = r * r;
    float sum = 7.0376836292e-2f;
    sum = sum * r - 1.1514610310e-1f;
    sum = sum * r + 1.1676998740e-1f;
    sum = sum * r - 1.2420140846e-1f;
    sum = sum * r + 1.4249322787e-1f;
    sum = sum * r - 1.6668057665e-1f;
    sum = sum * r + 2.0000714765e-1f;
    sum = sum * r - 2.4999993993e-1f;
    sum = sum * r + 3.3333331174e-1f;
    return (float)n * 0.693147181f + (r - 0.5f * square + square * r * sum);
}

#endif
