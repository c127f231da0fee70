// What build.mjs links into the native library: with LEVEL the core for one level of the processor family, without it
// what tells a host which of these levels it may call, and what the library was made of.
#if defined(LEVEL)

#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
// A linker merges inline functions of the same name. Without a name of its own each level would end up with another's.
namespace LEVEL {
#include "core.cpp"
}

#else

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(_WIN32)
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

/** The best level that processor and operating system have; empty where they have none. */
EXPORT const char* level() {
#if defined(__x86_64__)
  // By hand, as Windows' linker has no __builtin_cpu_supports. Bits: Intel's manual, volume 2A, CPUID; volume 1, 13.3.
  unsigned a, b, c, d;
  auto all = [](unsigned word, unsigned bits) { return (word & bits) == bits; };
  if (!__get_cpuid(1, &a, &b, &c, &d) || !all(c, 1u << 12 | 1u << 27)) return "";  // FMA, OSXSAVE
  unsigned saved, high;
  __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));  // the registers that the system keeps for us
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return "";
  if (all(b, 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31) && all(saved, 0xe6)) return "avx512";  // F, DQ, BW, VL
  if (all(b, 1u << 5) && all(saved, 0x6)) return "avx2";
  return "";
#else
  return "neon";
#endif
}

/** SHA-256 of the core's sources, in hex. */
EXPORT const char* sources() { return SOURCES; }

/** The compiler and its version. */
EXPORT const char* compiler() { return COMPILER; }

#endif
