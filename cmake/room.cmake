# room(NAME [USES room...] [LINKS library...]): a folder of src/ as a library with its tests.
#   x.cc is compiled into the library; x_test.cc into NAME_test; x_bench.cc into NAME_bench
#   (AGW_BENCH); each x_fuzz.cc is a program of its own (AGW_FUZZ). Adding a file changes no build
#   file. USES is also read by tools/tidy.py: a room may include only what stands on its line.
function(room NAME)
  cmake_parse_arguments(ROOM "" "" "USES;LINKS" ${ARGN})
  file(GLOB SOURCES CONFIGURE_DEPENDS ${NAME}/*.cc)
  set(TESTS ${SOURCES})
  set(BENCHES ${SOURCES})
  set(FUZZERS ${SOURCES})
  list(FILTER TESTS INCLUDE REGEX "_test\\.cc$")
  list(FILTER BENCHES INCLUDE REGEX "_bench\\.cc$")
  list(FILTER FUZZERS INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER SOURCES EXCLUDE REGEX "(_(test|bench|fuzz)|/main)\\.cc$")
  set(USED ${ROOM_USES})
  if(NOT NAME STREQUAL base)
    list(PREPEND USED base)
  endif()

  if(NOT SOURCES)
    add_library(${NAME} INTERFACE)
    return()
  endif()
  add_library(${NAME} STATIC ${SOURCES})
  set_target_properties(${NAME} PROPERTIES OUTPUT_NAME agw_${NAME})
  target_include_directories(${NAME} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${NAME} PUBLIC ${USED} PRIVATE ${ROOM_LINKS})

  if(AGW_TESTS AND TESTS)
    add_executable(${NAME}_test ${TESTS})
    target_link_libraries(${NAME}_test PRIVATE ${NAME} ${ROOM_LINKS} GTest::gtest GTest::gmock
                                               GTest::gtest_main)
    # What is tested is optimized; the tests themselves need only compile quickly. (g++ makes a tail
    # call of one coroutine's resuming another only where it optimizes and is told to.)
    target_compile_options(${NAME}_test PRIVATE
      $<$<CONFIG:Debug>:-O0> $<$<CONFIG:Release>:-O1 -foptimize-sibling-calls>)
    gtest_discover_tests(${NAME}_test DISCOVERY_TIMEOUT 60
                         WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                         TEST_PREFIX "${NAME}." PROPERTIES TIMEOUT 300)
  endif()
  if(AGW_BENCH AND BENCHES)
    find_package(benchmark REQUIRED)
    add_executable(${NAME}_bench ${BENCHES})
    target_link_libraries(${NAME}_bench PRIVATE ${NAME} ${ROOM_LINKS} benchmark::benchmark_main)
  endif()
  if(AGW_FUZZ)
    foreach(FUZZER ${FUZZERS})
      get_filename_component(FUZZ_NAME ${FUZZER} NAME_WE)
      add_executable(${FUZZ_NAME} ${FUZZER})
      target_link_libraries(${FUZZ_NAME} PRIVATE ${NAME} ${ROOM_LINKS})
      target_link_options(${FUZZ_NAME} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()
