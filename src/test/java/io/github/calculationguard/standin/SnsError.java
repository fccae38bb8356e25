package io.github.calculationguard.standin;

import io.github.athenasparklocal.Reply;

/** An error response of SNS. */
final class SnsError extends RuntimeException {

  static final String NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/";

  private final int status;
  private final String code;
  private final String message;

  SnsError(int status, String code, String message) {
    super(message);
    this.status = status;
    this.code = code;
    this.message = message;
  }

  Reply reply(String requestId) {
    return new Reply(
        status,
        "text/xml",
        "<ErrorResponse xmlns=\"%s\">%s%s</ErrorResponse>"
            .formatted(
                NAMESPACE,
                element(
                    "Error",
                    element("Type", status < 500 ? "Sender" : "Receiver"),
                    element("Code", escape(code)),
                    element("Message", escape(message))),
                element("RequestId", requestId)));
  }

  static String element(String name, String... contents) {
    return "<%1$s>%2$s</%1$s>".formatted(name, String.join("", contents));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
