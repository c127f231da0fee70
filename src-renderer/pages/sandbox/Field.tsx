/** A labelled input of the playground with what is wrong with it. */
import type { ReactNode } from 'react';
import option from '../new-run/OptionField.module.css';

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly unit?: string;
  readonly fault?: string | undefined;
  readonly children: ReactNode;
}

export function Field({ id, label, unit, fault, children }: FieldProps) {
  return (
    <div className={option.field} data-fault={fault !== undefined}>
      <div className={option.label}>
        <label htmlFor={id}>{label}</label>
        {unit === undefined ? null : <span className="faint">{unit}</span>}
      </div>
      {children}
      {fault === undefined ? null : (
        <p className={option.fault} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
