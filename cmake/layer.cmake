# qaio_layer(FOLDER DEPS ... [TEST_DEPS ...] [LEFT_OUT ...] [GENERATED ...] [HEAVY_HEADERS ...]
#            [HEAVY_HEADERS_OF LAYER])
# The folder src/FOLDER as a static library `qaio_<name>` and one test binary `<name>_test`, where
# <name> is the folder with _ for /. Files are what they are called: *_test.cpp is a test,
# *_fuzz.cpp a libFuzzer target of its own, every other *.cpp but LEFT_OUT belongs to the library.
# The suites of *_timing_test.cpp, named *Timing, judge times: CTest's label `timing`, see HACKING.md.
# HEAVY_HEADERS, which most of its files include and take seconds to read, are precompiled, or shared
# with the layer HEAVY_HEADERS_OF, whose options are the same. The other layers share what `base` has
# precompiled for all. A file with options of its own reads its headers.
set(common_headers <algorithm> <array> <atomic> <boost/json.hpp> <chrono> <cmath> <cstdint>
    <filesystem> <functional> <map> <memory> <mutex> <optional> <set> <span> <string>
    <string_view> <tl/expected.hpp> <utility> <vector>)
function(qaio_layer folder)
  cmake_parse_arguments(ARG "" "HEAVY_HEADERS_OF" "DEPS;TEST_DEPS;LEFT_OUT;GENERATED;HEAVY_HEADERS" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  set(here ${CMAKE_CURRENT_SOURCE_DIR})
  file(GLOB sources RELATIVE ${here} CONFIGURE_DEPENDS ${here}/*.cpp)
  file(GLOB tests RELATIVE ${here} CONFIGURE_DEPENDS ${here}/*_test.cpp)
  file(GLOB fuzz_targets RELATIVE ${here} CONFIGURE_DEPENDS ${here}/*_fuzz.cpp)
  list(REMOVE_ITEM sources _ ${tests} ${fuzz_targets} ${ARG_LEFT_OUT})
  if(sources)
    add_library(qaio_${name} STATIC ${sources} ${ARG_GENERATED})
    set(scope PUBLIC)
  else()
    add_library(qaio_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(qaio_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(qaio_${name} ${scope} ${ARG_DEPS} Threads::Threads)
  if(name STREQUAL base OR ARG_HEAVY_HEADERS)
    target_precompile_headers(qaio_${name} PRIVATE ${common_headers} ${ARG_HEAVY_HEADERS})
  elseif(ARG_HEAVY_HEADERS_OF)
    target_precompile_headers(qaio_${name} REUSE_FROM qaio_${ARG_HEAVY_HEADERS_OF})
  else()
    target_precompile_headers(qaio_${name} REUSE_FROM qaio_base)
  endif()
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE qaio_${name} ${ARG_TEST_DEPS}
                          GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE
      QAIO_SOURCE_DIR="${CMAKE_SOURCE_DIR}" QAIO_SHARED_DATA_DIR="${CMAKE_SOURCE_DIR}/../shared/data")
    # What is tested is optimized; tests themselves should compile quickly.
    target_compile_options(${name}_test PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O1>)
    if(ARG_HEAVY_HEADERS OR name STREQUAL base)
      target_precompile_headers(${name}_test PRIVATE <gmock/gmock.h> ${common_headers}
                                ${ARG_HEAVY_HEADERS})
    elseif(ARG_HEAVY_HEADERS_OF)
      target_precompile_headers(${name}_test REUSE_FROM ${ARG_HEAVY_HEADERS_OF}_test)
    else()
      target_precompile_headers(${name}_test REUSE_FROM base_test)
    endif()
    gtest_discover_tests(${name}_test TEST_FILTER -*TimingTest.* DISCOVERY_TIMEOUT 300
                         PROPERTIES TIMEOUT 1200)
    if("${tests}" MATCHES "_timing_test.cpp")
      gtest_discover_tests(${name}_test TEST_FILTER *TimingTest.* DISCOVERY_TIMEOUT 300
                           PROPERTIES TIMEOUT 1200 LABELS timing)
    endif()
  endif()
  if(QAIO_FUZZ)
    foreach(source IN LISTS fuzz_targets)
      get_filename_component(target ${source} NAME_WE)
      add_executable(${target} ${source})
      target_link_libraries(${target} PRIVATE qaio_${name})
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()
