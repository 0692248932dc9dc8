# The built web interface (ui/dist) as one object of the program: AGW_UI=AUTO puts it in if it is
# there, ON wants it, OFF leaves it out. Without it, /ui says how to get it.
set(AGW_UI AUTO CACHE STRING "put the built web interface (ui/dist) into the program: AUTO, ON, OFF")
set(UI_DIST ${PROJECT_SOURCE_DIR}/ui/dist)
# What is generated changes with the files, and a dist that comes or goes is seen at the next build.
file(GLOB_RECURSE UI_FILES CONFIGURE_DEPENDS ${UI_DIST}/*)
set(UI_TABLE ${CMAKE_BINARY_DIR}/generated/ui_assets.cc)
set(UI_DATA ${CMAKE_BINARY_DIR}/generated/ui_assets.S)
if(AGW_UI STREQUAL "ON" AND NOT EXISTS ${UI_DIST}/index.html)
  message(FATAL_ERROR "AGW_UI=ON, but there is no ui/dist/index.html: build ui/ first")
endif()
set(UI_EMBEDDED)
if(NOT AGW_UI STREQUAL "OFF" AND EXISTS ${UI_DIST}/index.html)
  set(UI_EMBEDDED ${UI_DIST})
else()
  set(UI_FILES)
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
enable_language(ASM)
add_custom_command(
  OUTPUT ${UI_TABLE} ${UI_DATA}
  COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/embed_ui.py ${UI_TABLE} ${UI_DATA}
          ${UI_EMBEDDED}
  DEPENDS ${PROJECT_SOURCE_DIR}/tools/embed_ui.py ${UI_FILES}
  VERBATIM)
add_library(ui_assets OBJECT ${UI_TABLE} ${UI_DATA})
target_include_directories(ui_assets PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_sources(admin PRIVATE $<TARGET_OBJECTS:ui_assets>)
