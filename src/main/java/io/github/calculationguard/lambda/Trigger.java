package io.github.calculationguard.lambda;

import io.github.calculationguard.spark.CalculationId;
import io.github.calculationguard.stop.Given;
import io.github.calculationguard.stop.StopOrder;

/** What an event asks for, and how it is answered. */
sealed interface Trigger {

  /** How it was asked. */
  Given given();

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
  record Stop(StopOrder order, Channel channel) implements Trigger {
    @Override
    public Given given() {
      return order.given();
    }
  }

  /** To describe, and stop nothing. */
  record Look(CalculationId calculation, Given given) implements Trigger {

    @Override
    public Channel channel() {
      return Channel.HTTP;
    }

    /** The order that it would be if it were one, for the record. */
    StopOrder order() {
      return new StopOrder.OfCalculation(given, calculation, null);
    }
  }

  /** Nothing that can be carried out. */
  record Unusable(String why, Given given, Channel channel) implements Trigger {}
}
