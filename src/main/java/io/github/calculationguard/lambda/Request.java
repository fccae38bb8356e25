package io.github.calculationguard.lambda;

import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.stop.RequestMetadata;
import io.github.calculationguard.stop.StopRequest;

/** What an event asks for, and how it is answered. */
sealed interface Request {

  /** How it was asked. */
  RequestMetadata given();

  /** How it is answered. */
  Channel channel();

  /** Who hears the answer, and what becomes of an order that fails. */
  enum Channel {
    /** Lambda gives it again, and parks it at last. */
    EVENT,
    /** A caller waits, and can give it again. */
    HTTP,
    /** A viewer of the dashboard waits for a popup, and can click again. */
    WIDGET
  }

  /** To stop. */
  record Stop(StopRequest order, Channel channel) implements Request {
    @Override
    public RequestMetadata given() {
      return order.given();
    }
  }

  /** To describe, and stop nothing. */
  record Look(CalculationId calculation, RequestMetadata given) implements Request {

    @Override
    public Channel channel() {
      return Channel.HTTP;
    }

    /** The order that it would be if it were one, for the record. */
    StopRequest order() {
      return new StopRequest.StopCalculation(given, calculation, null);
    }
  }

  /** Nothing that can be carried out. */
  record Unusable(String why, RequestMetadata given, Channel channel) implements Request {}
}
