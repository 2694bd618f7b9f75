/* What both C programs share: Philox 4x32-10 over a block of paths, a float32 inverse normal, exp and log without calls.

   A draw is a function of (seed, driver, path, calendar month), with the counter and key of docs/numerics.md: the words are
   those of a deal. The inverse normal has the form of Giles, "Approximating the erfinv function" (GPU Computing Gems 2,
   2011): two polynomials and no division. Every loop over LANES is one that gcc turns into vectors. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 64
#define INLINE static inline __attribute__((always_inline))
#define EACH_LANE for (int lane = 0; lane < LANES; lane++)

INLINE double double_of(uint64_t bits) { double x; memcpy(&x, &bits, 8); return x; }
INLINE uint64_t bits_of(double x) { uint64_t bits; memcpy(&bits, &x, 8); return bits; }
INLINE float float_of(uint32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
INLINE uint32_t bits_of_float(float x) { uint32_t bits; memcpy(&bits, &x, 4); return bits; }
INLINE double least(double a, double b) { return a < b ? a : b; }
INLINE double most(double a, double b) { return a > b ? a : b; }

INLINE double exponential(double x) {
    const double round = 6755399441055744.0;
    double shifted = x * 1.4426950408889634 + round, whole = shifted - round;
    double r = x - whole * 0.6931471805599453, p = 1.0 / 3628800;
    p = p * r + 1.0 / 362880; p = p * r + 1.0 / 40320; p = p * r + 1.0 / 5040; p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120; p = p * r + 1.0 / 24; p = p * r + 1.0 / 6; p = p * r + 0.5; p = p * r + 1; p = p * r + 1;
    return p * double_of((bits_of(shifted) + 1023) << 52);
}

INLINE double logarithm(double x) {
    uint64_t bits = bits_of(x);
    int64_t exponent = (int64_t)(bits - 0x3fe6a09e667f3bcdULL) >> 52;
    double mantissa = double_of(bits - ((uint64_t)exponent << 52));
    double whole = double_of((uint64_t)exponent + 0x4338000000000000ULL) - 6755399441055744.0;
    double s = (mantissa - 1) / (mantissa + 1), z = s * s, p = 1.0 / 15;
    p = p * z + 1.0 / 13; p = p * z + 1.0 / 11; p = p * z + 1.0 / 9; p = p * z + 1.0 / 7; p = p * z + 0.2;
    p = p * z + 1.0 / 3; p = p * z + 1;
    return whole * 0.6931471805599453 + 2 * s * p;
}

INLINE float logarithm_float(float x) {
    uint32_t bits = bits_of_float(x);
    int32_t exponent = (int32_t)(bits - 0x3f3504f3u) >> 23;
    float f = float_of(bits - ((uint32_t)exponent << 23)) - 1, p = 7.0376836292e-2f, z = f * f;
    p = p * f - 1.1514610310e-1f; p = p * f + 1.1676998740e-1f; p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f; p = p * f - 1.6668057665e-1f; p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f; p = p * f + 3.3333331174e-1f;
    return (float)exponent * 0.693147182f + (f + (p * f * z - 0.5f * z));
}

INLINE float normal_of(uint32_t word) {
    float x = ((float)(int32_t)(word ^ 0x80000000u) + 0.5f) * 4.6566128730773926e-10f;
    uint32_t to_end = word ^ (uint32_t)((int32_t)word >> 31);
    float m = ((float)(int32_t)to_end + 0.5f) * 2.3283064365386963e-10f;
    float w = -logarithm_float(4.0f * m * (1.0f - m));
    float a = w - 2.5f, p = 2.81022636e-08f, c = sqrtf(w) - 3.0f, q = -0.000200214257f;
    p = p * a + 3.43273939e-07f; p = p * a - 3.5233877e-06f; p = p * a - 4.39150654e-06f; p = p * a + 0.00021858087f;
    p = p * a - 0.00125372503f; p = p * a - 0.00417768164f; p = p * a + 0.246640727f; p = p * a + 1.50140941f;
    q = q * c + 0.000100950558f; q = q * c + 0.00134934322f; q = q * c - 0.00367342844f; q = q * c + 0.00573950773f;
    q = q * c - 0.0076224613f; q = q * c + 0.00943887047f; q = q * c + 1.00167406f; q = q * c + 2.83297682f;
    return 1.41421356f * (w < 5.0f ? p : q) * x;
}

/* words[month of the block][lane] for paths first_path, first_path + 1, … */
#ifdef __AVX512F__
#include <immintrin.h>
INLINE void philox(uint64_t seed, uint64_t driver, uint32_t first_path, uint32_t number, uint32_t words[4][LANES]) {
    const __m512i one = _mm512_set1_epi64(0xD2511F53u), two = _mm512_set1_epi64(0xCD9E8D57u);
    for (int lane = 0; lane < LANES; lane += 8) {
        __m512i c0 = _mm512_set1_epi64(number), c2 = _mm512_set1_epi64((uint32_t)driver);
        __m512i c1 = _mm512_add_epi64(_mm512_set1_epi64(first_path + lane), _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
        __m512i c3 = _mm512_set1_epi64(driver >> 32);
        uint32_t low = (uint32_t)seed, high = (uint32_t)(seed >> 32);
        for (int round = 0; round < 10; round++, low += 0x9E3779B9u, high += 0xBB67AE85u) {
            __m512i a = _mm512_mul_epu32(c0, one), b = _mm512_mul_epu32(c2, two);
            c0 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(b, 32), c1, _mm512_set1_epi64(low), 0x96);
            c2 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(a, 32), c3, _mm512_set1_epi64(high), 0x96);
            c1 = b; c3 = a;
        }
        _mm256_storeu_si256((__m256i *)&words[0][lane], _mm512_cvtepi64_epi32(c0));
        _mm256_storeu_si256((__m256i *)&words[1][lane], _mm512_cvtepi64_epi32(c1));
        _mm256_storeu_si256((__m256i *)&words[2][lane], _mm512_cvtepi64_epi32(c2));
        _mm256_storeu_si256((__m256i *)&words[3][lane], _mm512_cvtepi64_epi32(c3));
    }
}
#else
INLINE void philox(uint64_t seed, uint64_t driver, uint32_t first_path, uint32_t number, uint32_t words[4][LANES]) {
    const uint64_t word = 0xFFFFFFFFu;
    EACH_LANE {
        uint64_t c0 = number, c1 = (first_path + lane) & word, c2 = driver & word, c3 = driver >> 32;
        uint64_t low = seed & word, high = seed >> 32;
        for (int round = 0; round < 10; round++) {
            uint64_t a = c0 * 0xD2511F53u, b = c2 * 0xCD9E8D57u;
            c0 = (b >> 32) ^ c1 ^ low; c1 = b & word; c2 = (a >> 32) ^ c3 ^ high; c3 = a & word;
            low = (low + 0x9E3779B9u) & word; high = (high + 0xBB67AE85u) & word;
        }
        words[0][lane] = (uint32_t)c0; words[1][lane] = (uint32_t)c1;
        words[2][lane] = (uint32_t)c2; words[3][lane] = (uint32_t)c3;
    }
}
#endif

/* drawn[month of the block][lane]: standard normals of four months. */
INLINE void normals(uint64_t seed, uint64_t driver, uint32_t first_path, uint32_t number, double drawn[4][LANES]) {
    uint32_t words[4][LANES];
    philox(seed, driver, first_path, number, words);
    for (int month = 0; month < 4; month++) EACH_LANE drawn[month][lane] = (double)normal_of(words[month][lane]);
}

/* drawn[lane]: one standard exponential a path, by which an event fires. */
INLINE void exponentials(uint64_t seed, uint64_t driver, uint32_t first_path, double drawn[LANES]) {
    uint32_t words[4][LANES];
    philox(seed, driver, first_path, 0, words);
    EACH_LANE {
        double centred = (double)(int32_t)(words[0][lane] ^ 0x80000000u) + 2147483648.5;
        drawn[lane] = -logarithm(centred * 2.3283064365386963e-10);
    }
}
