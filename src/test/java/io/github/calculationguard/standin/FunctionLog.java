package io.github.calculationguard.standin;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The log of a function's process, read from the file of its standard output and standard error.
 *
 * <p>The interface client writes each log entry behind a header that tells its length, as it does
 * in Lambda, so that an entry is whole whatever is in it; anything else in the file is plain
 * output. A file, and not a pipe: once the function has asked for more work, all that it wrote
 * before is there to read.
 */
final class FunctionLog {

  private static final int MAGIC = 0xa55a00;
  private static final int HEADER = 16;

  private final Path file;
  private long read;

  FunctionLog(Path file) {
    this.file = file;
  }

  /** The entries since the last call. */
  List<String> entries() {
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      in.seek(read);
      var bytes = new byte[(int) (in.length() - read)];
      in.readFully(bytes);
      read += bytes.length;
      return split(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> split(byte[] bytes) {
    var entries = new ArrayList<String>();
    var buffer = ByteBuffer.wrap(bytes);
    var plain = 0;
    while (buffer.remaining() >= HEADER) {
      var at = buffer.position();
      if (buffer.getInt(at) >>> 8 == MAGIC) {
        addLines(entries, bytes, plain, at);
        var length = Math.min(buffer.getInt(at + 4), bytes.length - at - HEADER);
        entries.add(text(bytes, at + HEADER, length).stripTrailing());
        plain = at + HEADER + length;
        buffer.position(plain);
      } else {
        buffer.position(at + 1);
      }
    }
    addLines(entries, bytes, plain, bytes.length);
    return entries;
  }

  private static void addLines(List<String> entries, byte[] bytes, int from, int to) {
    text(bytes, from, to - from).lines().filter(line -> !line.isBlank()).forEach(entries::add);
  }

  private static String text(byte[] bytes, int from, int length) {
    return new String(bytes, from, length, StandardCharsets.UTF_8);
  }
}
