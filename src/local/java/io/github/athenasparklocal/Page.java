package io.github.athenasparklocal;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list.
 *
 * @param nextToken absent on the last page
 */
record Page<T>(List<T> items, @Nullable String nextToken) {

  /**
   * The items after the request's token, up to the size of a page.
   *
   * @param scope what a token is valid for, beside the operation
   * @param maxSize of a page, which is also its size if the request names none
   */
  static <T> Page<T> of(
      Members request,
      String scope,
      List<T> all,
      Function<T, String> id,
      Predicate<T> filter,
      int maxSize) {
    var token = request.find("NextToken");
    var size = Math.min(request.number("MaxResults", maxSize), maxSize);
    var tokens = request.operation() + " " + scope;
    var from = token == null ? 0 : after(tokens, all.stream().map(id).toList(), token);
    var found = all.subList(from, all.size()).stream().filter(filter).limit(size + 1L).toList();
    return found.size() <= size
        ? new Page<>(found, null)
        : new Page<>(found.subList(0, size), token(tokens, id.apply(found.get(size - 1))));
  }

  /** The items of the page as members of a reply. */
  List<?> map(Function<T, ?> item) {
    return items.stream().map(item).toList();
  }

  private static String token(String scope, String last) {
    return UUID.nameUUIDFromBytes((scope + " " + last).getBytes(StandardCharsets.UTF_8)).toString();
  }

  private static int after(String scope, List<String> ids, String token) {
    for (var i = 0; i < ids.size(); i++) {
      if (token(scope, ids.get(i)).equals(token)) {
        return i + 1;
      }
    }
    throw Refused.invalid("The NextToken is not valid");
  }
}
