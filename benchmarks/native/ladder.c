/* The night of discounts in C: one line, or the whole tape. Little-endian machines only. */
#include <stddef.h>
#include <stdint.h>

ptrdiff_t step_of(int64_t pence, const int64_t *bounds, ptrdiff_t steps) {
    ptrdiff_t low = 0, high = steps;
    while (low < high) {
        ptrdiff_t middle = (low + high) / 2;
        if (bounds[middle] <= pence) low = middle + 1;
        else high = middle;
    }
    return low;
}

void discounts(const uint32_t *tape, ptrdiff_t lines, const int64_t *bounds, ptrdiff_t steps,
               const int64_t *permille, int64_t *given) {
    for (ptrdiff_t line = 0; line < lines; line++)
        given[line] = tape[line] * permille[step_of(tape[line], bounds, steps)] / 1000;
}
