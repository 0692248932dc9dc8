# llhttp's generated C sources come with Debian's node-llhttp; they are compiled in, so the binary
# does not depend on Node.
set(LLHTTP_DIR /usr/share CACHE PATH "where node-llhttp keeps llhttp/ and include/llhttp/")
add_library(llhttp STATIC ${LLHTTP_DIR}/llhttp/llhttp.c ${LLHTTP_DIR}/llhttp/api.c
                          ${LLHTTP_DIR}/llhttp/http.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_DIR}/include ${LLHTTP_DIR}/include/llhttp)
target_compile_options(llhttp PRIVATE -w -O2)
