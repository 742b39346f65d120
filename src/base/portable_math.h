// exp and log whose results are the same bits on every machine. The C library's are not: it has
// several of each and chooses by the CPU.
#pragma once

namespace qaio {

// The natural logarithm of a positive finite number, good to 2 units of the last place.
double portable_log(double x);

// e^x, good to 2 units of the last place; 0 below e^-700, as no probability needs less.
double portable_exp(double x);

}  // namespace qaio
