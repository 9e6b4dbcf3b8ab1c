#include "base/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/apart.h"

enum { LEAST_DIGITS = 6, MOST_DIGITS = 9, MOST_POWER = 22 };

/* All of them are exact. */
static const double powers[MOST_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* value * 10^power, rounded once; |power| at most MOST_POWER. */
static double scale(double value, int power)
{
    return power < 0 ? value / powers[-power] : value * powers[power];
}

/* digits * 10^(exponent - count + 1), digits of so many places. */
typedef struct Decimal {
    long long digits;
    int count, exponent;
} Decimal;

/* Cut to `count` places. False where a double cannot tell how to round, or holds no power of ten that is needed. */
static bool decimal_of(double size, int count, Decimal *decimal)
{
    if (size >= powers[MOST_POWER]) return false;
    int exponent = 0;
    while (size >= powers[exponent + 1]) exponent++;
    if (size < 1) {
        while (exponent > -MOST_POWER && size * powers[-exponent] < 1) exponent--;
    }
    const int power = count - 1 - exponent;
    if (power < -MOST_POWER || power > MOST_POWER) return false;
    const double scaled = scale(size, power), whole = floor(scaled), rest = scaled - whole;
    if (fabs(rest - 0.5) < 1e-6) return false;
    *decimal = (Decimal){(long long)whole + (rest > 0.5), count, exponent};
    if ((double)decimal->digits >= powers[count]) decimal->digits /= 10, decimal->exponent++;
    return true;
}

/* Digits and power of ten are exact, and their quotient or product is rounded once: that is what strtod gives. */
static bool reads_back(const Decimal *decimal, double size)
{
    const int power = decimal->exponent - decimal->count + 1;
    return (float)scale((double)decimal->digits, power) == (float)size;
}

/* As %g of so many places: no zeros at the end, and a power of ten where it is less than -4 or not less than the places. */
static size_t decimal_text(Decimal decimal, char *text)
{
    char digits[MOST_DIGITS];
    for (int i = decimal.count; i-- > 0; decimal.digits /= 10)
        digits[i] = (char)('0' + decimal.digits % 10);
    int count = decimal.count, exponent = decimal.exponent;
    while (count > 1 && digits[count - 1] == '0') count--;
    const bool scientific = exponent < -4 || exponent >= decimal.count;
    const int before = scientific ? 1 : exponent + 1; /* the point */
    size_t length = 0;
    if (before <= 0) text[length++] = '0', text[length++] = '.';
    for (int i = before; i < 0; i++) text[length++] = '0';
    for (int i = 0; i < count || i < before; i++) {
        if (i > 0 && i == before) text[length++] = '.';
        text[length++] = i < count ? digits[i] : '0';
    }
    if (!scientific) return length;
    text[length++] = 'e';
    text[length++] = exponent < 0 ? '-' : '+';
    if (exponent < 0) exponent = -exponent;
    text[length++] = (char)('0' + exponent / 10);
    text[length++] = (char)('0' + exponent % 10);
    return length;
}

static APART size_t text_by_printf(double value, char *text)
{
    size_t length = 0;
    for (int count = LEAST_DIGITS; count <= MOST_DIGITS; count++) {
        length = (size_t)snprintf(text, NUMBER_TEXT_BYTES, "%.*g", count, value);
        if ((float)strtod(text, NULL) == (float)value) break;
    }
    return length;
}

/*
 * Without printf and strtod where a double is exact enough, which is nearly always: the C library's are made for numbers
 * of any length, and take a browser that compiles them first as long as opening a network does.
 */
size_t number_text(double value, char text[NUMBER_TEXT_BYTES])
{
    const double size = fabs(value);
    const size_t sign = signbit(value) ? 1 : 0;
    if (sign) text[0] = '-';
    if (size == 0) {
        memcpy(text + sign, "0", 2);
        return sign + 1;
    }
    Decimal decimal;
    for (int count = LEAST_DIGITS; count <= MOST_DIGITS; count++) {
        if (!decimal_of(size, count, &decimal)) return text_by_printf(value, text);
        if (reads_back(&decimal, size)) break;
    }
    const size_t length = sign + decimal_text(decimal, text + sign);
    text[length] = '\0';
    return length;
}

size_t integer_text(long long value, char text[NUMBER_TEXT_BYTES])
{
    char digits[NUMBER_TEXT_BYTES];
    int at = sizeof digits;
    unsigned long long rest =
        value < 0 ? 0ULL - (unsigned long long)value : (unsigned long long)value;
    digits[--at] = '\0';
    do digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0) digits[--at] = '-';
    const size_t length = sizeof digits - 1 - (size_t)at;
    memcpy(text, digits + at, length + 1);
    return length;
}
